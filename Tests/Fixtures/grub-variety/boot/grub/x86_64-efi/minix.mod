minix module, refused
