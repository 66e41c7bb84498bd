// SPDX-License-Identifier: GPL-2.0
/* GET_INFO and REQUEST: sized structs, copied in once, then validated. */
#include "cvm_evidence.h"

#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "events.h"
#include "request.h"

/* Copy a sized struct in: its size is read once, and is what is then used */
static int copy_sized(void *dst, size_t ksize, u32 min_size,
		      const void __user *usrc, u32 *usize)
{
	int err;

	if (get_user(*usize, (const u32 __user *)usrc))
		return -EFAULT;
	if (*usize < min_size)
		return -EINVAL;
	if (*usize > PAGE_SIZE)
		return -E2BIG;
	err = copy_struct_from_user(dst, ksize, usrc, *usize);
	if (!err)
		*(u32 *)dst = *usize;
	return err;
}

void cvme_info_fill_provider(struct cvme_provider *p,
			     struct cvm_evidence_provider *info)
{
	memset(info, 0, sizeof(*info));
	spin_lock(&p->lock);
	info->id = p->ops->id;
	info->status = p->state.status;
	if (cvme_state_usable(&p->state)) {
		info->tee = p->state.tee;
		info->privlevel_floor = p->state.privlevel_floor;
	}
	info->caps = p->state.caps;
	info->queued = p->queued;
	strscpy(info->driver, p->state.driver, sizeof(info->driver));
	strscpy(info->reason, p->state.reason, sizeof(info->reason));
	spin_unlock(&p->lock);
	info->started = atomic64_read(&p->started);
	info->failed = atomic64_read(&p->failed);
	strscpy(info->name, p->ops->name, sizeof(info->name));
}

/* All that takes no looking: what is in and what a provider tells stays */
void cvme_info_fill(struct cvm_evidence_info *info)
{
	info->flags = cvme_vm_fork_noticed() ? CVM_EVIDENCE_INFO_F_VMFORK : 0;
	info->api_version = CVM_EVIDENCE_API_VERSION;
	info->report_data_max = CVM_EVIDENCE_REPORT_DATA_MAX;
	info->max_blob = READ_ONCE(cvme_max_blob);
	info->queue_max = READ_ONCE(cvme_queue_max);
	info->share_max = READ_ONCE(cvme_share_max);
	info->default_timeout_ms = READ_ONCE(cvme_default_timeout_ms);
	info->max_timeout_ms = CVME_MAX_TIMEOUT_MS;
	info->vm_epoch = cvme_vm_epoch();
	info->requests_started = atomic64_read(&cvme_stats.started);
	info->requests_ok = atomic64_read(&cvme_stats.ok);
	info->requests_failed = atomic64_read(&cvme_stats.failed);
	info->requests_timed_out = atomic64_read(&cvme_stats.timed_out);
	info->requests_abandoned = atomic64_read(&cvme_stats.abandoned);
	info->requests_mismatched = atomic64_read(&cvme_stats.mismatched);
	info->refused_busy = atomic64_read(&cvme_stats.refused_busy);
	info->refused_quota = atomic64_read(&cvme_stats.refused_quota);
	info->live_files = atomic_read(&cvme_stats.live_files);
	info->live_requests = atomic_read(&cvme_stats.live_requests);
	info->live_blobs = atomic_read(&cvme_stats.live_blobs);
	info->live_entries = atomic_read(&cvme_stats.live_entries);
	strscpy(info->version, CVME_VERSION, sizeof(info->version));
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
	struct cvme_provider *p;
	u32 usize, room, n;
	int err;

	err = copy_sized(&info, sizeof(info), CVM_EVIDENCE_INFO_SIZE_MIN, arg,
			 &usize);
	if (err)
		return err;
	room = info.providers ? info.nr_providers : 0;
	if (room && (info.provider_size < sizeof(u32) ||
		     info.provider_size > PAGE_SIZE))
		return -EINVAL;

	/* a blob whose report is being hashed for its event is nobody's */
	cvme_events_flush();
	info.tee = CVM_EVIDENCE_TEE_NONE;
	info.auto_provider = CVM_EVIDENCE_PROVIDER_AUTO;
	info.privlevel_floor = 0;
	for (n = 0; (p = cvme_provider_at(n)); n++) {
		err = cvme_provider_refresh(p, true);
		if (err)
			return err;
		cvme_info_fill_provider(p, &prov);
		if (n < room) {
			err = put_provider(&info, n, &prov);
			if (err)
				return err;
		}
		if (info.auto_provider == CVM_EVIDENCE_PROVIDER_AUTO &&
		    cvme_provider_usable(p)) {
			info.auto_provider = prov.id;
			info.tee = prov.tee;
			info.privlevel_floor = prov.privlevel_floor;
		}
	}
	info.nr_providers = n;
	cvme_info_fill(&info);

	if (copy_to_user(arg, &info, min_t(size_t, usize, sizeof(info))))
		return -EFAULT;
	return 0;
}

#define REQUEST_FLAGS	(CVM_EVIDENCE_F_EVENT_LOG | CVM_EVIDENCE_F_TPM_QUOTE | \
			 CVM_EVIDENCE_F_QUOTE_DATA | CVM_EVIDENCE_F_FRESH | \
			 CVM_EVIDENCE_F_SHARED | CVM_EVIDENCE_F_CONTEXT | \
			 CVM_EVIDENCE_F_SERVICE_GUID | \
			 CVM_EVIDENCE_F_MANIFEST_VERSION)

static int check_scalars(const struct cvm_evidence_request *req)
{
	if (req->flags & ~REQUEST_FLAGS)
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
	return 0;
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

/* The unfinished request of an earlier call with the same arguments, if any */
static struct cvme_request *rejoin(struct cvme_client *client,
				   const struct cvme_params *par)
{
	struct cvme_request *req = NULL;

	spin_lock(&client->lock);
	if (client->state == CVME_PENDING && client->rejoin &&
	    !memcmp(&client->req->params, par, sizeof(*par)))
		req = cvme_request_get(client->req);
	spin_unlock(&client->lock);
	return req;
}

/* The outcome goes to the caller of REQUEST: no other call repeats an error */
static void outcome_told(struct cvme_client *client, struct cvme_request *req)
{
	struct cvme_request *finished = NULL;

	spin_lock(&client->lock);
	if (client->req == req) {
		client->rejoin = false;
		if (req->error) {
			client->req = NULL;
			client->state = CVME_EOF;
			finished = req;
		}
	}
	spin_unlock(&client->lock);
	wake_up_all(&client->wq);
	if (finished)
		cvme_request_put(finished);
}

static void fill_out(struct cvm_evidence_request *out,
		     const struct cvme_request *req, int err)
{
	u64 started = READ_ONCE(req->started);

	/* its end is set before it is done, and then for good */
	if (!started)
		started = cvme_request_done(req) ? req->ended : ktime_get_ns();
	out->out_provider = req->provider->ops->id;
	out->sequence = req->seq;
	out->wait_ns = started - req->admitted;
	out->firmware_ns = READ_ONCE(req->firmware_ns);
	if (READ_ONCE(req->fw_status_known)) {
		out->out_flags |= CVM_EVIDENCE_OUT_F_FW_STATUS;
		out->fw_status = READ_ONCE(req->fw_status);
	}
	if (!err)
		out->blob_len = req->blob->len;
}

static long do_request(struct file *file, struct cvm_evidence_request *ureq)
{
	bool nonblock = file->f_flags & O_NONBLOCK;
	struct cvme_client *client = file->private_data;
	struct cvme_request *req;
	struct cvme_params par;
	long err;

	err = make_params(ureq, &par);
	if (err)
		return err;

	req = rejoin(client, &par);
	if (!req) {
		req = cvme_request_submit(client, &par, nonblock);
		if (IS_ERR(req))
			return PTR_ERR(req);
		cvme_request_get(req);
		cvme_client_replace(client, req, true);
	}

	if (nonblock && !cvme_request_done(req))
		err = -EAGAIN;
	else
		err = cvme_client_wait(client, req);
	if (!err) {
		err = req->error;
		outcome_told(client, req);
	}
	fill_out(ureq, req, err);
	cvme_request_put(req);
	return err;
}

static long request(struct file *file, void __user *arg)
{
	const size_t out = offsetof(struct cvm_evidence_request, out_provider);
	struct cvm_evidence_request ureq;
	size_t end;
	u32 usize;
	long err;

	if (!(file->f_mode & FMODE_WRITE))
		return -EBADF;
	err = copy_sized(&ureq, sizeof(ureq), CVM_EVIDENCE_REQUEST_SIZE_MIN,
			 arg, &usize);
	if (err)
		return err;
	memset((u8 *)&ureq + out, 0, sizeof(ureq) - out);

	err = do_request(file, &ureq);

	/* only the out fields: the rest is the caller's */
	end = min_t(size_t, usize, sizeof(ureq));
	if (end > out && copy_to_user(arg + out, (u8 *)&ureq + out, end - out))
		return -EFAULT;
	return err;
}

long cvme_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case CVM_EVIDENCE_GET_INFO:
		return get_info((void __user *)arg);
	case CVM_EVIDENCE_REQUEST:
		return request(file, (void __user *)arg);
	default:
		return -ENOTTY;
	}
}
