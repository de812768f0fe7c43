date module, refused
