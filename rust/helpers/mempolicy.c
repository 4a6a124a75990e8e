// SPDX-License-Identifier: GPL-2.0

#include <linux/mempolicy.h>

#include "rustproc_helpers.h"

void rustproc_mpol_get(struct mempolicy *pol)
{
	mpol_get(pol);
}

void rustproc_mpol_put(struct mempolicy *pol)
{
	mpol_put(pol);
}

void rustproc_mpol_cond_put(struct mempolicy *pol)
{
	mpol_cond_put(pol);
}
