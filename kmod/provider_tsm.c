// SPDX-License-Identifier: GPL-2.0
/*
 * Evidence through the TSM report tree in configfs (Linux 6.7 and later):
 * sev_guest, tdx_guest, arm_cca_guest and whatever registers there next.
 */
#include "cvm_evidence.h"

#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/string.h>
#include <linux/uuid.h>

#include "patience.h"
#include "provider_ops.h"
#include "report.h"
#include "state.h"
#include "tsm_entry.h"
#include "vfs.h"

#define TSM_TRIES	3
/* First buffers; an SNP report is 1184 bytes, a quote about 5000 or 8000 */
#define GUESS_REPORT	2047
#define GUESS_REPORT_MAX	65535
#define GUESS_CERTS	8191
#define GUESS_MANIFEST	4095

/* Read kept certificates again after this time, even under load */
#define CERTS_NS	(60ULL * NSEC_PER_SEC)
/* How long to retry a driver that is busy with another program's quote */
#define BUSY_NS		(5ULL * NSEC_PER_SEC)

/* Kept while requests flow; worker only */
static struct cvme_tsm_entry kept;
/**
 * struct kept_certs - the certificates that came through @kept; worker only
 * @buf: without data when none did
 * @signer: of the report that they came with
 * @since: ktime
 *
 * Before a new report TSM frees auxblob but keeps its length, and sev_guest
 * sets neither when the host sends no certificates: reading auxblob would then
 * copy from NULL. So auxblob is not read again on an entry that gave one. The
 * certificates fit other reports by the same key, and live as long as the
 * entry.
 */
static struct kept_certs {
	struct cvme_buf buf;
	u8 signer[CVME_SIGNER_LEN];
	u64 since;
} kept_certs;
/* Length of the last report: the next is as long */
static size_t report_guess = GUESS_REPORT;

static int tsm_init(struct cvme_state *st)
{
	int err;

	if (!IS_ENABLED(CONFIG_TSM_REPORTS)) {
		cvme_state_set(st, CVM_EVIDENCE_ST_NOT_BUILT,
			       CVM_EVIDENCE_REASON_NO_INTERFACE, 0);
		return -ENODEV;
	}
	if (!cvme_configfs()) {
		cvme_state_set(st, CVM_EVIDENCE_ST_ERROR,
			       CVM_EVIDENCE_REASON_NO_CONFIGFS, 0);
		return -ENODEV;
	}
	err = cvme_report_init();
	if (err == -ENOMEM)
		return err;
	/* without SHA-512 all but service requests work */
	if (err)
		pr_warn("tsm: the kernel has no SHA-512 (CONFIG_CRYPTO_SHA512): requests with a service provider fail\n");
	return 0;
}

static void drop(struct cvme_tsm_entry *entry)
{
	if (entry == &kept)
		cvme_buf_free(&kept_certs.buf);
	cvme_tsm_drop(entry);
}

static void tsm_release(void)
{
	drop(&kept);
}

static void fill_state(const struct cvme_tsm_entry *entry,
		       struct cvme_state *st)
{
	cvme_state_set(st, CVM_EVIDENCE_ST_AVAILABLE, CVM_EVIDENCE_REASON_NONE,
		       0);
	st->tee = cvme_report_tee(entry->driver);
	if (st->tee == CVM_EVIDENCE_TEE_SEV_SNP)
		st->throttle_ns = CVME_SNP_RETRY_NS;
	st->privlevel_floor = entry->floor;
	st->caps = entry->caps;
	if (!cvme_report_can_sha512())
		st->caps &= ~CVM_EVIDENCE_CAP_SERVICE;
}

static void tsm_probe(struct cvme_state *st)
{
	struct cvme_tsm_entry probe = {}, *entry = &kept;
	int err = 0;

	if (!kept.live) {
		entry = &probe;
		err = cvme_tsm_make(entry);
	}
	switch (err) {
	case 0:
		fill_state(entry, st);
		break;
	case -ENOENT:
	case -ENXIO:
		cvme_state_set(st, CVM_EVIDENCE_ST_NO_DRIVER,
			       CVM_EVIDENCE_REASON_NO_DRIVER, 0);
		break;
	case -EAGAIN:
		cvme_state_set(st, CVM_EVIDENCE_ST_NOT_READY,
			       CVM_EVIDENCE_REASON_DRIVER_NOT_LIVE, 0);
		break;
	default:
		cvme_state_set(st, CVM_EVIDENCE_ST_ERROR,
			       CVM_EVIDENCE_REASON_PROBE_FAILED, -err);
	}
	strscpy(st->driver, entry->driver, sizeof(st->driver));
	if (entry == &probe)
		cvme_tsm_drop(&probe);
}

static int store_number(struct cvme_tsm_entry *entry, const char *attr, u32 val)
{
	char text[12];
	int len = snprintf(text, sizeof(text), "%u", val);

	return cvme_tsm_store(entry, attr, text, len);
}

static int store_service(struct cvme_tsm_entry *entry,
			 const struct cvme_params *par)
{
	char text[UUID_STRING_LEN + 1];
	int err;

	err = cvme_tsm_store(entry, "service_provider", par->service_provider,
			     par->service_provider_len);
	if (!err && (par->flags & CVM_EVIDENCE_F_SERVICE_GUID)) {
		/* %pUb prints bytes in order, which is the text form's */
		snprintf(text, sizeof(text), "%pUb", par->service_guid);
		err = cvme_tsm_store(entry, "service_guid", text,
				     UUID_STRING_LEN);
	}
	if (!err && (par->flags & CVM_EVIDENCE_F_MANIFEST_VERSION))
		err = store_number(entry, "service_manifest_version",
				   par->service_manifest_version);
	return err;
}

static int store_all(struct cvme_tsm_entry *entry,
		     const struct cvme_params *par, struct cvme_result *res)
{
	u32 privlevel = par->privlevel;
	int err;

	if (entry->caps & CVM_EVIDENCE_CAP_PRIVLEVEL) {
		/* sev_guest's own default is 0, whatever its floor */
		if (privlevel == CVM_EVIDENCE_PRIVLEVEL_DEFAULT)
			privlevel = entry->floor;
		if (privlevel < entry->floor)
			return -EINVAL;
		if (entry->privlevel != privlevel) {
			err = store_number(entry, "privlevel", privlevel);
			if (err)
				return err;
			entry->privlevel = privlevel;
		}
		res->privlevel = privlevel;
		res->privlevel_known = true;
	} else if (privlevel != CVM_EVIDENCE_PRIVLEVEL_DEFAULT) {
		return -EOPNOTSUPP;
	}

	if (cvme_params_service(par)) {
		if (!(entry->caps & CVM_EVIDENCE_CAP_SERVICE))
			return -EOPNOTSUPP;
		err = store_service(entry, par);
		if (err)
			return err;
	}
	return cvme_tsm_store(entry, "inblob", par->report_data,
			      sizeof(par->report_data));
}

/* -EAGAIN: the kept certificates are for another key; use a new entry */
static int take_certs(struct cvme_tsm_entry *entry, struct cvme_result *res,
		      size_t max)
{
	u8 signer[CVME_SIGNER_LEN];
	bool known = cvme_report_signer(&res->report, signer);
	int err;

	if (entry == &kept && kept_certs.buf.data)
		return known && !memcmp(signer, kept_certs.signer,
					sizeof(signer)) ?
			cvme_buf_dup(&res->certs, &kept_certs.buf) : -EAGAIN;

	err = cvme_tsm_read(entry, "auxblob", GUESS_CERTS, max, &res->certs);
	if (err || entry != &kept || !known || !res->certs.len)
		return err;
	/* a failed copy is not an error: the entry is then used only once */
	if (cvme_buf_dup(&kept_certs.buf, &res->certs))
		return 0;
	memcpy(kept_certs.signer, signer, sizeof(signer));
	kept_certs.since = ktime_get_ns();
	return 0;
}

static int read_all(struct cvme_tsm_entry *entry, const struct cvme_params *par,
		    struct cvme_result *res)
{
	size_t max = READ_ONCE(cvme_max_blob);
	int err;

	err = cvme_tsm_read(entry, "outblob", report_guess, max, &res->report);
	if (err)
		return err;
	/* a timed-out TDX quote comes as success with nothing in it */
	if (!res->report.len)
		return -EIO;
	report_guess = clamp_t(size_t, res->report.len, GUESS_REPORT,
			       GUESS_REPORT_MAX);

	if (entry->caps & CVM_EVIDENCE_CAP_CERTS) {
		err = take_certs(entry, res, max);
		if (err)
			return err;
	}
	if (entry->has_manifest && cvme_params_service(par)) {
		err = cvme_tsm_read(entry, "manifestblob", GUESS_MANIFEST,
				    max, &res->manifest);
		if (err)
			return err;
	}
	return cvme_tsm_check_generation(entry);
}

/* What the driver said through TSM, in the UAPI's words */
static int uapi_errno(const struct cvme_tsm_entry *entry, int err,
		      const struct cvme_params *par)
{
	switch (err) {
	case 0:
	case -ENOMEM:
	case -EFBIG:
	case -EOPNOTSUPP:
	case -EBADMSG:
	case -ETIMEDOUT:	/* host said BUSY for 60 s; the key is gone */
		return err;
	case -ENOTTY:
		return strcmp(entry->driver, "sev_guest") ? -EIO : -EKEYREVOKED;
	case -EINVAL:
		/* the caller's error only if the caller chose something */
		return cvme_params_service(par) ||
		       par->privlevel != CVM_EVIDENCE_PRIVLEVEL_DEFAULT ?
			-EINVAL : -EIO;
	default:
		return -EIO;
	}
}

/* True if another read of auxblob or manifestblob would be unsafe or stale */
static bool used_up(const struct cvme_tsm_entry *entry,
		    const struct cvme_result *res)
{
	if (res->manifest.len)
		return true;
	return res->certs.len && (entry != &kept || !kept_certs.buf.data);
}

/*
 * One exchange through one entry.
 *
 * Return: -EAGAIN: try with a new entry; -EBUSY: try again later.
 */
static int exchange(struct cvme_tsm_entry *entry, const struct cvme_params *par,
		    struct cvme_result *res)
{
	int err;

	if (entry == &kept && kept_certs.buf.data &&
	    ktime_get_ns() - kept_certs.since >= CERTS_NS)
		drop(entry);
	if (!entry->live) {
		err = cvme_tsm_make(entry);
		if (err == -ENOENT || err == -ENXIO || err == -EAGAIN)
			return -ENODEV;
		if (err)
			return err == -ENOMEM ? err : -EIO;
	}

	err = store_all(entry, par, res) ?: read_all(entry, par, res);

	if (err == -ENXIO || err == -ENOENT) {
		/*
		 * TSM returns either when no provider is registered, but a
		 * driver can return them, too. ENOENT also means that root
		 * removed our entry.
		 */
		if (err == -ENOENT)
			err = -EAGAIN;
		else if (cvme_tsm_provider_gone(entry))
			err = -ENODEV;
	}
	if (err || used_up(entry, res))
		drop(entry);
	switch (err) {
	case -EAGAIN:
	case -ENODEV:
		return err;
	case -EBUSY:
	case -EINTR:
		return -EBUSY;
	default:
		return uapi_errno(entry, err, par);
	}
}

static int exchange_patiently(struct cvme_tsm_entry *entry,
			      const struct cvme_params *par,
			      struct cvme_result *res)
{
	struct cvme_patience patience;
	int err, tries = 0;

	cvme_patience_begin(&patience, BUSY_NS);
	do {
		cvme_result_clear(res);
		err = exchange(entry, par, res);
	} while ((err == -EAGAIN && ++tries < TSM_TRIES) ||
		 (err == -EBUSY && cvme_patience_wait(&patience, res)));
	return err == -EBUSY ? -ETIMEDOUT : err;
}

static int tsm_take(const struct cvme_params *par, struct cvme_result *res)
{
	/* TSM cannot un-set service attributes: such an entry is used once */
	bool own = cvme_params_service(par);
	struct cvme_tsm_entry once = {};
	struct cvme_tsm_entry *entry = own ? &once : &kept;
	int err;

	if (own)
		drop(&kept);
	err = exchange_patiently(entry, par, res);
	if (!err) {
		strscpy(res->driver, entry->driver, sizeof(res->driver));
		res->tee = cvme_report_tee(entry->driver);
	}
	if (own)
		drop(&once);
	if (err == -EAGAIN) {
		pr_warn_ratelimited("tsm: request failed: another program keeps writing to our configfs entry\n");
		return -EBADMSG;
	}
	return err;
}

const struct cvme_provider_ops cvme_tsm_ops = {
	.id = CVM_EVIDENCE_PROVIDER_TSM,
	.name = "tsm",
	.init = tsm_init,
	.exit = cvme_report_exit,
	.probe = tsm_probe,
	.take = tsm_take,
	.check = cvme_report_check,
	.release = tsm_release,
	.holds = cvme_tsm_holds,
};
