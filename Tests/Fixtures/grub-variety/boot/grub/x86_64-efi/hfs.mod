hfs module, refused
