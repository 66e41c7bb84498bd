// SPDX-License-Identifier: GPL-2.0
/* The simulated driver as a TSM provider. */
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "sev.h"
#include "tsm_compat.h"

#ifdef SIM_HAVE_TSM

/*
 * TSM frees a report's blobs before it asks for the next, but keeps their
 * lengths. The real driver leaves them alone too, so reading auxblob from an
 * entry whose last report had certificates, after one without, is a NULL
 * pointer dereference in TSM (seen on 6.12). Not every test wants to die of it.
 */
static bool stale_len;
module_param(stale_len, bool, 0644);
MODULE_PARM_DESC(stale_len, "leave the lengths of absent blobs, as the real driver does");

static unsigned int mkdir_delay_ms;
module_param(mkdir_delay_ms, uint, 0444);
MODULE_PARM_DESC(mkdir_delay_ms, "time that the mkdir of an entry takes");

static void forget_lengths(struct tsm_report *report)
{
	if (READ_ONCE(stale_len))
		return;
	report->auxblob_len = 0;
	report->manifestblob_len = 0;
}

static void hand_over(struct tsm_report *report, struct sim_answer *a)
{
	report->outblob = a->out;
	report->outblob_len = a->out_len;
	a->out = NULL;
	if (a->manifest) {
		report->manifestblob = a->manifest;
		report->manifestblob_len = a->manifest_len;
		a->manifest = NULL;
	}
}

/* How much of the buffer the table uses: its sums wrap, as the driver's do. */
static u32 table_size(const u8 *certs)
{
	u32 i, size = 0;

	for (i = 0; i < SEV_CERTS_MAX / sizeof(struct sev_cert_entry); i++) {
		const struct sev_cert_entry *e = (const struct sev_cert_entry *)certs + i;

		if (!memchr_inv(e, 0, sizeof(*e)))
			break;
		size = max(size, e->offset + e->length);
	}
	return min_t(u32, size, SEV_CERTS_MAX);
}

static int take_certs(struct tsm_report *report)
{
	u32 size = table_size(sev->certs);
	u8 *blob;

	if (!size)
		return 0;
	blob = kvmalloc(size, GFP_KERNEL);
	if (!blob)
		return -ENOMEM;
	memcpy(blob, sev->certs, size);
	report->auxblob = blob;
	report->auxblob_len = size;
	return 0;
}

/* Asked of the SVSM, at VMPL 0, without the guest's own key. */
static int svsm_report(struct tsm_report *report, struct sev_request *r)
{
	struct sim_tsm_desc *desc = &report->desc;
	int err;

	sim_request_init(&r->rq, CVM_SIM_SNP, &r->plan, desc->inblob, desc->inblob_len);
	r->rq.flags = CVM_SIM_F_SVSM;
	export_guid(r->rq.service_guid, &desc->service_guid);
	r->rq.manifest_version = desc->service_manifest_version;
	if (r->plan.knob[SIM_FW_ERROR]) {
		sim_firmware_wait(sev_tee, &r->plan, &r->rq);
		return -EINVAL;
	}
	err = sim_firmware(sev_tee, &r->plan, &r->rq, &r->answer);
	if (err)
		return err;
	if (r->answer.aux) {
		report->auxblob = r->answer.aux;
		report->auxblob_len = r->answer.aux_len;
		r->answer.aux = NULL;
	}
	hand_over(report, &r->answer);
	return 0;
}

static int firmware_report(struct tsm_report *report, struct sev_request *r)
{
	struct sim_tsm_desc *desc = &report->desc;
	int err;

	if (sev_key_empty())
		return -ENOTTY;

	r->msg_version = SEV_MSG_VERSION;
	r->npages = SEV_CERTS_MAX >> PAGE_SHIFT;
	err = sev_guest_request(r, desc->inblob, desc->privlevel, true);
	if (err)
		return err;
	if (r->status == SEV_STATUS_INVALID_PARAM || r->status == SEV_STATUS_INVALID_KEY)
		return -EINVAL;
	if (r->status)
		return -ENXIO;
	err = take_certs(report);
	if (err)
		return err;
	hand_over(report, &r->answer);
	return 0;
}

static int sev_report_new(struct tsm_report *report, void *data)
{
	struct sim_tsm_desc *desc = &report->desc;
	struct sev_request *r;
	int err;

	if (desc->inblob_len != sizeof(r->rq.report_data))
		return -EINVAL;
	if (desc->service_provider && strcmp(desc->service_provider, "svsm"))
		return -EINVAL;

	r = kzalloc(sizeof(*r), GFP_KERNEL);
	if (!r)
		return -ENOMEM;
	sim_count(sev_tee, SIM_C_TSM_CALLS);

	mutex_lock(&sev_mutex);
	if (sev_gone()) {
		err = -EIO;
		goto unlock;
	}
	sim_begin(sev_tee, &r->plan);
	forget_lengths(report);
	if (desc->service_provider)
		err = svsm_report(report, r);
	else
		err = firmware_report(report, r);
	sim_end(sev_tee, err);
unlock:
	mutex_unlock(&sev_mutex);
	sim_answer_free(&r->answer);
	kfree(r);
	return err;
}

static bool sev_attr_visible(int n)
{
	if (n == TSM_REPORT_PROVIDER && mkdir_delay_ms)
		msleep(mkdir_delay_ms);
	switch (n) {
	case TSM_REPORT_GENERATION:
	case TSM_REPORT_PROVIDER:
	case TSM_REPORT_PRIVLEVEL:
	case TSM_REPORT_PRIVLEVEL_FLOOR:
		return true;
	case TSM_REPORT_SERVICE_PROVIDER:
	case TSM_REPORT_SERVICE_GUID:
	case TSM_REPORT_SERVICE_MANIFEST_VER:
		return sev_vmpl;
	}
	return false;
}

static bool sev_bin_attr_visible(int n)
{
	switch (n) {
	case TSM_REPORT_INBLOB:
	case TSM_REPORT_OUTBLOB:
	case TSM_REPORT_AUXBLOB:
		return true;
	case TSM_REPORT_MANIFESTBLOB:
		return sev_vmpl;
	}
	return false;
}

static struct sim_tsm_ops sev_ops = {
	.name = KBUILD_MODNAME,
	.report_new = sev_report_new,
	.report_attr_visible = sev_attr_visible,
	.report_bin_attr_visible = sev_bin_attr_visible,
};

bool sev_tsm_available(void)
{
	return true;
}

int sev_tsm_register(int floor)
{
	sev_ops.privlevel_floor = floor;
	return sim_tsm_register(&sev_ops, NULL);
}

void sev_tsm_unregister(void)
{
	sim_tsm_unregister(&sev_ops);
}

#else /* !SIM_HAVE_TSM */

bool sev_tsm_available(void)
{
	return false;
}

int sev_tsm_register(int floor)
{
	return -EOPNOTSUPP;
}

void sev_tsm_unregister(void)
{
}

#endif
