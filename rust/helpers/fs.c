// SPDX-License-Identifier: GPL-2.0

#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>

#include "rustproc_helpers.h"

struct inode *rustproc_alloc_inode_sb(struct super_block *sb,
				      struct kmem_cache *cache, gfp_t gfp)
{
	return alloc_inode_sb(sb, cache, gfp);
}

struct kmem_cache *
rustproc_inode_cache_create(const char *name, unsigned int size,
			    void (*ctor)(void *object))
{
	return kmem_cache_create(name, size, 0,
				 SLAB_RECLAIM_ACCOUNT | SLAB_ACCOUNT, ctor);
}

struct dentry *rustproc_dget(struct dentry *dentry)
{
	return dget(dentry);
}

bool rustproc_d_in_lookup(const struct dentry *dentry)
{
	return d_in_lookup(dentry);
}

void rustproc_d_lookup_done(struct dentry *dentry)
{
	d_lookup_done(dentry);
}

struct dentry *rustproc_d_alloc_parallel(struct dentry *parent,
					 const struct qstr *name)
{
	return d_alloc_parallel(parent, name);
}

bool rustproc_d_is_negative(const struct dentry *dentry)
{
	return d_is_negative(dentry);
}

struct qstr rustproc_d_name(const struct dentry *dentry)
{
	return dentry->d_name;
}

struct qstr rustproc_qstr(const char *name, u32 length)
{
	return QSTR_LEN(name, length);
}

bool rustproc_d_unhashed(const struct dentry *dentry)
{
	return d_unhashed(dentry);
}

bool rustproc_d_unlinked(const struct dentry *dentry)
{
	return d_unlinked(dentry);
}

bool rustproc_dir_emit(struct dir_context *ctx, const char *name, int len,
		       u64 ino, unsigned int type)
{
	return dir_emit(ctx, name, len, ino, type);
}

bool rustproc_dir_emit_dots(struct file *file, struct dir_context *ctx)
{
	return dir_emit_dots(file, ctx);
}

struct user_namespace *rustproc_get_user_ns(struct user_namespace *ns)
{
	return get_user_ns(ns);
}

void rustproc_put_user_ns(struct user_namespace *ns)
{
	put_user_ns(ns);
}

void rustproc_module_put(struct module *module)
{
	module_put(module);
}

int rustproc_fs_context_parse_param(struct fs_context *fc,
				    struct fs_parameter *param)
{
	return fc->ops->parse_param(fc, param);
}

int rustproc_show_options(struct seq_file *seq, struct dentry *root)
{
	return root->d_sb->s_op->show_options(seq, root);
}

void rustproc_inode_lock(struct inode *inode)
{
	inode_lock(inode);
}

void rustproc_inode_unlock(struct inode *inode)
{
	inode_unlock(inode);
}
