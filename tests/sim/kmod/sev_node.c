// SPDX-License-Identifier: GPL-2.0
/* /dev/sev-guest of the simulated driver: the real UAPI and its habits. */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sev-guest.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "sev.h"

/* Preset of exitinfo2: a call that never reached firmware gives it back. */
#define EXITINFO2_PRESET	0xff

static int respond(const struct sev_request *r, void __user *to)
{
	struct snp_report_resp *resp;
	struct sev_report_hdr *hdr;
	int err = 0;

	BUILD_BUG_ON(sizeof(*hdr) != 32);

	resp = kzalloc(sizeof(*resp), GFP_KERNEL);
	if (!resp)
		return -ENOMEM;
	hdr = (struct sev_report_hdr *)resp->data;
	hdr->status = r->status;
	if (!r->status) {
		hdr->report_size = r->answer.out_len;
		memcpy(resp->data + sizeof(*hdr), r->answer.out,
		       min_t(size_t, r->answer.out_len, sizeof(resp->data) - sizeof(*hdr)));
	}
	if (copy_to_user(to, resp, sizeof(*resp)))
		err = -EFAULT;
	kfree(resp);
	return err;
}

static int get_report(struct sev_request *r, struct snp_guest_request_ioctl *io)
{
	struct snp_report_req req;
	int err;

	if (!io->req_data || !io->resp_data)
		return -EINVAL;
	/* The lock is held: a page that faults for long stalls every caller. */
	if (copy_from_user(&req, u64_to_user_ptr(io->req_data), sizeof(req)))
		return -EFAULT;

	err = sev_guest_request(r, req.user_data, req.vmpl, false);
	io->exitinfo2 = r->exitinfo2;
	if (!err)
		err = respond(r, u64_to_user_ptr(io->resp_data));
	return err;
}

static int get_ext_report(struct sev_request *r, struct snp_guest_request_ioctl *io)
{
	struct snp_ext_report_req req;
	void __user *certs;
	u32 room = 0;
	int err;

	if (!io->req_data || !io->resp_data)
		return -EINVAL;
	if (copy_from_user(&req, u64_to_user_ptr(io->req_data), sizeof(req)))
		return -EFAULT;

	certs = u64_to_user_ptr(req.certs_address);
	if (req.certs_len && req.certs_address) {
		if (req.certs_len > SEV_CERTS_MAX || !IS_ALIGNED(req.certs_len, PAGE_SIZE))
			return -EINVAL;
		if (!access_ok(certs, req.certs_len))
			return -EFAULT;
		room = req.certs_len;
	}

	r->npages = room >> PAGE_SHIFT;
	err = sev_guest_request(r, req.data.user_data, req.data.vmpl, true);
	io->exitinfo2 = r->exitinfo2;
	if (io->vmm_error == SEV_VMM_ERR_INVALID_LEN) {
		req.certs_len = r->npages << PAGE_SHIFT;
		if (copy_to_user(u64_to_user_ptr(io->req_data), &req, sizeof(req)))
			err = -EFAULT;
	}
	if (err)
		return err;
	if (room && copy_to_user(certs, sev->certs, room))
		return -EFAULT;
	return respond(r, u64_to_user_ptr(io->resp_data));
}

static long dispatch(unsigned int cmd, struct snp_guest_request_ioctl *io)
{
	struct sev_request *r;
	long err;

	if (cmd == SNP_GET_DERIVED_KEY)
		return -EOPNOTSUPP;	/* the simulation has no keys to derive */
	if (cmd != SNP_GET_REPORT && cmd != SNP_GET_EXT_REPORT)
		return -ENOTTY;

	r = kzalloc(sizeof(*r), GFP_KERNEL);
	if (!r)
		return -ENOMEM;
	r->msg_version = io->msg_version;
	sim_count(sev_tee, SIM_C_NODE_CALLS);
	sim_begin(sev_tee, &r->plan);
	if (cmd == SNP_GET_REPORT)
		err = get_report(r, io);
	else
		err = get_ext_report(r, io);
	sim_end(sev_tee, err);
	sim_answer_free(&r->answer);
	kfree(r);
	return err;
}

static long sev_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *argp = (void __user *)arg;
	struct snp_guest_request_ioctl io;
	long err;

	if (copy_from_user(&io, argp, sizeof(io)))
		return -EFAULT;
	io.exitinfo2 = EXITINFO2_PRESET;
	if (!io.msg_version)
		return -EINVAL;

	mutex_lock(&sev_mutex);
	if (sev_gone()) {
		mutex_unlock(&sev_mutex);
		return -EIO;
	}
	if (sev_key_empty()) {
		/* Not copied back: the caller's exitinfo2 is as it was. */
		mutex_unlock(&sev_mutex);
		return -ENOTTY;
	}
	err = dispatch(cmd, &io);
	mutex_unlock(&sev_mutex);

	if (io.exitinfo2 && copy_to_user(argp, &io, sizeof(io)))
		return -EFAULT;
	return err;
}

static const struct file_operations sev_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = sev_ioctl,
};

static struct miscdevice sev_dev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "sev-guest",
	.fops = &sev_fops,
};

int sev_node_register(void)
{
	return misc_register(&sev_dev);
}

void sev_node_unregister(void)
{
	misc_deregister(&sev_dev);
}
