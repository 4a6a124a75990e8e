// SPDX-License-Identifier: GPL-2.0

#include <linux/cred.h>
#include <linux/uidgid.h>

#include "rustproc_helpers.h"

uid_t rustproc_from_kuid_munged(struct user_namespace *ns, kuid_t uid)
{
	return from_kuid_munged(ns, uid);
}

gid_t rustproc_from_kgid_munged(struct user_namespace *ns, kgid_t gid)
{
	return from_kgid_munged(ns, gid);
}

const struct cred *rustproc_kernel_cred(void)
{
	return kernel_cred();
}

const struct cred *rustproc_override_creds(const struct cred *cred)
{
	return override_creds(cred);
}

const struct cred *rustproc_revert_creds(const struct cred *cred)
{
	return revert_creds(cred);
}
