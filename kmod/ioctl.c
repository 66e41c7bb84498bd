// SPDX-License-Identifier: GPL-2.0
/* The ioctls: sized structs, copied in once, then validated. */
#include "cvm_evidence.h"

#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "file.h"
#include "info.h"
#include "ioctl.h"
#include "provider.h"
#include "request.h"
#include "state.h"

/* Limit for the structs of later headers; anything larger is an error */
#define STRUCT_MAX	SZ_4K

/* Copy a sized struct in: its size is read once, and is what is then used */
static int copy_sized(void *dst, size_t ksize, u32 min_size,
		      const void __user *usrc, u32 *usize)
{
	int err;

	if (get_user(*usize, (const u32 __user *)usrc))
		return -EFAULT;
	if (*usize < min_size)
		return -EINVAL;
	if (*usize > STRUCT_MAX)
		return -E2BIG;
	err = copy_struct_from_user(dst, ksize, usrc, *usize);
	if (!err)
		*(u32 *)dst = *usize;
	return err;
}

static int put_provider(const struct cvm_evidence_info *info, u32 n,
			const struct cvm_evidence_provider *prov)
{
	void __user *dst = u64_to_user_ptr(info->providers) +
			   (size_t)n * info->provider_size;
	size_t len = min_t(size_t, info->provider_size, sizeof(*prov));

	if (copy_to_user(dst, prov, len) ||
	    clear_user(dst + len, info->provider_size - len))
		return -EFAULT;
	return 0;
}

static long get_info(void __user *arg)
{
	struct cvm_evidence_provider prov;
	struct cvm_evidence_info info;
	u32 usize, room, n;
	int err;

	err = copy_sized(&info, sizeof(info), CVM_EVIDENCE_INFO_SIZE_MIN, arg,
			 &usize);
	if (err)
		return err;
	room = info.providers ? info.nr_providers : 0;
	if (room && (info.provider_size < sizeof(u32) ||
		     info.provider_size > STRUCT_MAX))
		return -EINVAL;

	for (n = 0; n < room && cvme_provider_info(n, &prov); n++) {
		err = put_provider(&info, n, &prov);
		if (err)
			return err;
	}
	cvme_info_fill(&info);
	if (copy_to_user(arg, &info, min_t(size_t, usize, sizeof(info))))
		return -EFAULT;
	return 0;
}

static int check_scalars(const struct cvm_evidence_request *req)
{
	const u32 statements = CVM_EVIDENCE_F_SHARED | CVM_EVIDENCE_F_CONTEXT;

	if (req->flags & ~CVME_REQUEST_FLAGS_KNOWN)
		return -EINVAL;
	if ((req->flags & statements) == statements)
		return -EINVAL;
	if (req->provider > CVM_EVIDENCE_PROVIDER_VTPM)
		return -EINVAL;
	if (req->privlevel > CVM_EVIDENCE_PRIVLEVEL_MAX &&
	    req->privlevel != CVM_EVIDENCE_PRIVLEVEL_DEFAULT)
		return -EINVAL;
	if (req->timeout_ms > CVME_MAX_TIMEOUT_MS)
		return -EINVAL;
	if (!req->report_data_len)
		return -EINVAL;
	if (req->report_data_len > CVM_EVIDENCE_REPORT_DATA_MAX ||
	    req->service_provider_len > CVM_EVIDENCE_SERVICE_MAX ||
	    req->quote_data_len > CVM_EVIDENCE_QUOTE_DATA_MAX)
		return -EMSGSIZE;
	if (memchr_inv(req->report_data + req->report_data_len, 0,
		       CVM_EVIDENCE_REPORT_DATA_MAX - req->report_data_len))
		return -EINVAL;
	if (!req->service_provider != !req->service_provider_len)
		return -EINVAL;
	if (req->flags & (CVM_EVIDENCE_F_SERVICE_GUID |
			  CVM_EVIDENCE_F_MANIFEST_VERSION) &&
	    !req->service_provider)
		return -EINVAL;
	if (!(req->flags & CVM_EVIDENCE_F_MANIFEST_VERSION) &&
	    req->service_manifest_version)
		return -EINVAL;
	if (!(req->flags & CVM_EVIDENCE_F_SERVICE_GUID) &&
	    memchr_inv(req->service_guid, 0, sizeof(req->service_guid)))
		return -EINVAL;
	if (req->flags & CVM_EVIDENCE_F_QUOTE_DATA ?
	    !(req->flags & CVM_EVIDENCE_F_TPM_QUOTE) :
	    req->quote_data || req->quote_data_len)
		return -EINVAL;
	if (req->pcr_mask && (!(req->flags & CVM_EVIDENCE_F_TPM_QUOTE) ||
			      req->pcr_mask >> 24))
		return -EINVAL;
	if (req->pcr_banks || req->reserved)
		return -EINVAL;
	return req->flags & ~CVME_REQUEST_FLAGS_SERVED ? -EOPNOTSUPP : 0;
}

static int make_params(const struct cvm_evidence_request *req,
		       struct cvme_params *par)
{
	int err;

	err = check_scalars(req);
	if (err)
		return err;

	memset(par, 0, sizeof(*par));
	par->flags = req->flags;
	par->provider = req->provider;
	par->privlevel = req->privlevel;
	par->timeout_ms = req->timeout_ms;
	par->report_data_len = req->report_data_len;
	par->service_provider_len = req->service_provider_len;
	par->service_manifest_version = req->service_manifest_version;
	par->quote_data_len = req->quote_data_len;
	par->pcr_mask = req->pcr_mask;
	memcpy(par->report_data, req->report_data, sizeof(par->report_data));
	memcpy(par->service_guid, req->service_guid, sizeof(par->service_guid));
	if (copy_from_user(par->service_provider,
			   u64_to_user_ptr(req->service_provider),
			   req->service_provider_len))
		return -EFAULT;
	if (memchr(par->service_provider, 0, par->service_provider_len))
		return -EINVAL;
	if (copy_from_user(par->quote_data, u64_to_user_ptr(req->quote_data),
			   req->quote_data_len))
		return -EFAULT;
	return 0;
}

static void fill_out(struct cvm_evidence_request *out,
		     const struct cvme_request *req, int err)
{
	u64 started = READ_ONCE(req->started);

	/* req->ended is set before CVME_DONE and does not change afterwards */
	if (!started)
		started = cvme_request_done(req) ? req->ended : ktime_get_ns();
	out->sequence = req->seq;
	out->out_provider = READ_ONCE(req->provider);
	out->wait_ns = started - req->admitted;
	out->firmware_ns = cvme_request_firmware_ns(req);
	/* pairs with take(), which may still be at it */
	if (smp_load_acquire(&req->fw_status_known)) {
		out->out_flags |= CVM_EVIDENCE_OUT_F_FW_STATUS;
		out->fw_status = READ_ONCE(req->fw_status);
	}
	if (!err)
		out->blob_len = req->blob->len;
}

/* Get the request of this call; store its number before waiting for it */
static struct cvme_request *join(struct cvme_file *f,
				 const struct cvm_evidence_request *ureq,
				 u64 __user *sequence)
{
	struct cvme_request *req;
	struct cvme_params par;
	int err;

	if (ureq->sequence)
		return cvme_file_rejoin(f, ureq->sequence);
	err = make_params(ureq, &par);
	if (err)
		return ERR_PTR(err);
	req = cvme_file_start(f, &par);
	if (!IS_ERR(req) && put_user(req->seq, sequence)) {
		cvme_request_put(req);
		return ERR_PTR(-EFAULT);
	}
	return req;
}

static long do_request(struct file *file, struct cvm_evidence_request *ureq,
		       u64 __user *sequence)
{
	struct cvme_file *f = file->private_data;
	struct cvme_request *req;
	long err;

	req = join(f, ureq, sequence);
	ureq->sequence = 0;
	if (IS_ERR(req)) {
		/* keep the request that replaced it: another caller's */
		if (PTR_ERR(req) != -ECANCELED)
			cvme_file_reset(f);
		return PTR_ERR(req);
	}
	if (file->f_flags & O_NONBLOCK && !cvme_request_done(req))
		err = -EAGAIN;
	else
		err = cvme_request_wait(req);
	if (!err) {
		err = req->error;
		/* replaced, or read in part: the evidence is not there to read */
		if (!cvme_file_answered(f, req) && !err)
			err = -ECANCELED;
	}
	fill_out(ureq, req, err);
	cvme_request_put(req);
	return err;
}

static long request(struct file *file, void __user *arg)
{
	const size_t in = offsetof(struct cvm_evidence_request, sequence);
	const size_t out = offsetofend(struct cvm_evidence_request, sequence);
	struct cvm_evidence_request ureq;
	u32 usize;
	long err;

	BUILD_BUG_ON(sizeof(ureq) != CVM_EVIDENCE_REQUEST_SIZE_MIN);

	if (!(file->f_mode & FMODE_WRITE))
		return -EBADF;
	err = copy_sized(&ureq, sizeof(ureq), CVM_EVIDENCE_REQUEST_SIZE_MIN,
			 arg, &usize);
	if (err) {
		cvme_file_reset(file->private_data);
		return err;
	}
	memset((u8 *)&ureq + out, 0, sizeof(ureq) - out);

	err = do_request(file, &ureq, arg + in);

	/* only the out fields: the rest is the caller's */
	if (copy_to_user(arg + in, (u8 *)&ureq + in, sizeof(ureq) - in)) {
		cvme_file_reset(file->private_data);
		return -EFAULT;
	}
	return err;
}

long cvme_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case CVM_EVIDENCE_GET_INFO:
		return get_info((void __user *)arg);
	case CVM_EVIDENCE_REQUEST:
		return request(file, (void __user *)arg);
	case CVM_EVIDENCE_GET_LEASE:
		return -EOPNOTSUPP;
	default:
		return -ENOTTY;
	}
}
