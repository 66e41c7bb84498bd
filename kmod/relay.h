/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Calling another driver's ioctl, which knows only user memory, from a worker.
 */
#ifndef _CVME_RELAY_H
#define _CVME_RELAY_H

#include <linux/types.h>

struct file;
struct mm_struct;

/**
 * struct cvme_relay - memory for one call, in the address space of pid 1
 * @mm: pid 1's, with a reference
 * @base: address of the mapping
 * @len: bytes of it
 *
 * On the worker's stack, between cvme_relay_begin() and cvme_relay_end().
 */
struct cvme_relay {
	struct mm_struct *mm;
	unsigned long base;
	size_t len;
};

int cvme_relay_begin(struct cvme_relay *relay, size_t len);
void cvme_relay_end(struct cvme_relay *relay);
void __user *cvme_relay_ptr(const struct cvme_relay *relay, size_t offset);
int cvme_relay_ioctl(const struct cvme_relay *relay, struct file *file,
		     unsigned int cmd, size_t arg);

#endif
