#pragma once
// Every shim sets it, so that the C library's types look the same in all modules.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <et/com_err.h>
#include <ext2fs/ext2_fs.h>
#include <ext2fs/ext2fs.h>

// Macros that are not literals are not imported.
static const int shim_EXT2_FLAG_64BITS = EXT2_FLAG_64BITS;
static const long shim_EXT2_ET_FILE_NOT_FOUND = EXT2_ET_FILE_NOT_FOUND;
static const long shim_EXT2_ET_NO_DIRECTORY = EXT2_ET_NO_DIRECTORY;
static const uint32_t shim_EXT2_ROOT_INO = EXT2_ROOT_INO;

static inline uint64_t shim_inode_size(const struct ext2_inode *inode) { return EXT2_I_SIZE(inode); }
static inline int64_t shim_inode_modified(const struct ext2_inode *inode) { return (int32_t)inode->i_mtime; }
static inline int shim_is_folder(const struct ext2_inode *inode) { return LINUX_S_ISDIR(inode->i_mode); }
static inline int shim_is_file(const struct ext2_inode *inode) { return LINUX_S_ISREG(inode->i_mode); }
static inline int shim_name_length(const struct ext2_dir_entry *entry) { return ext2fs_dirent_name_len(entry); }
static inline const char *shim_name(const struct ext2_dir_entry *entry) { return entry->name; }

// A global variable, which Swift takes for shared state; nobody changes it.
static inline io_manager shim_unix_io_manager(void) { return unix_io_manager; }
