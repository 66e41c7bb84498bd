/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * /dev/cvm-evidence: hardware evidence of a confidential VM.
 *
 * This header is the manual of the interface. Evidence and verifier are used as
 * in RFC 9334. All integers in structs and in the blob are little-endian; every
 * architecture the module builds for is.
 *
 * The interface is not declared stable yet: from version 2 on it changes by
 * addition only.
 *
 * WHO MAY ASK
 *
 * Access to the node is the permission (mode, group, device cgroup, LSM
 * label). The module takes evidence with the kernel's own rights: a caller
 * needs no capability, no configfs and no TPM or TEE device. A process that
 * can open the node speaks for the whole VM: evidence does not say which
 * process asked.
 *
 * THE FILE
 *
 * One open file is one requester; two open files never see each other.
 *
 *   read(2)   takes evidence, then streams the blob in any buffer size, then
 *             returns 0 (EOF) until the next write or REQUEST. On a fresh file
 *             the report_data are 64 random bytes of the kernel
 *             (CVM_EVIDENCE_BLOB_F_KERNEL_RANDOM): such evidence proves no
 *             freshness to a verifier. A read of 0 bytes returns 0 and does
 *             nothing. A read that waits while another caller replaces the
 *             request delivers the evidence of the new one.
 *   write(2)  1..64 bytes: report_data of the next read, zero-padded on the
 *             right to 64; an unread blob is discarded. One call is one
 *             message: the segments of a writev(2) are joined. With O_NONBLOCK
 *             the request starts at once; EBUSY and EDQUOT then come from the
 *             write. EINVAL for 0 bytes (a writev of 0 bytes returns 0),
 *             EMSGSIZE for more than 64; nothing is changed by a failing
 *             write.
 *   poll(2)   POLLIN when evidence, EOF or an error can be read, and when a
 *             read would start a request: on a fresh file, and after a write
 *             without O_NONBLOCK; also POLLERR when the request failed and no
 *             call has returned its error yet; POLLOUT always. POLLPRI is
 *             reserved for the lease (below) and not set yet. The error of a
 *             failed request is returned by one read; later reads return EOF until
 *             the next write or REQUEST.
 *   O_NONBLOCK  a read that would wait starts the request, returns EAGAIN.
 *             Readers of one file take turns: while one of them faults in a
 *             page of its buffer, others wait, or get EAGAIN even after poll
 *             reported POLLIN. What a non-blocking write cannot know at once
 *             (ENODEV, EOPNOTSUPP, a limit of the TPM) its read returns; but
 *             io_uring makes EAGAIN of a read's EOPNOTSUPP, and the next read
 *             returns EOF.
 *
 * An interrupted read (EINTR, or restarted by the kernel) leaves its request
 * on the open file, and the next read continues it. REQUEST is continued by
 * its sequence number, see struct cvm_evidence_request. A request keeps its
 * first deadline.
 *
 * THE QUEUE
 *
 * All providers use the same firmware, so requests are served one at a time. A
 * request that names a provider and one that does not wait in the same queue.
 * The share whose requests took the least time to serve is next; a share that
 * was idle starts at about the least time of the others. Time for which the
 * host of an SNP guest throttled a request does not count. A share is the real
 * uid that opened the file. Inside user namespaces it is the owner of the
 * outermost one below the initial one; where that owner is uid 0, that
 * namespace, or the real uid if no range of uids is mapped there. For uid 0 of
 * the initial user namespace it is the ancestor of the opener's cgroup (v2) at
 * the depth that the module parameter share_depth names. A share with nothing
 * waiting is always admitted, while fewer than CVM_EVIDENCE_SHARES_MAX shares
 * wait (else EBUSY). Its further requests take shared places, of which there are
 * queue_max: EBUSY when there are none left, EDQUOT when the share holds as
 * many of them as are left. A request that replaces a waiting one of its file
 * needs a place of its own.
 *
 * ERRORS (of read, write and REQUEST; each means one thing. What Linux refuses
 * before the module is asked is not among them: an offset, RWF_NOWAIT, splice.)
 *
 *   ENODEV      no provider of evidence; CVM_EVIDENCE_GET_INFO says why
 *   EOPNOTSUPP  the provider lacks what was asked for, or this module does not
 *               serve it yet
 *   EAGAIN      O_NONBLOCK, and the evidence is not there yet
 *   EBUSY       the queue is full
 *   EDQUOT      this user's share of the queue is full
 *   EMSGSIZE    report_data, quote_data or service_provider is too long
 *   EFBIG       the evidence is larger than the module's max_blob parameter
 *   EFAULT      a bad pointer
 *   EINVAL      a bad argument: unknown flag, zero length, non-zero padding,
 *               privlevel below the floor or out of range, unknown provider,
 *               a sequence number that is not that of the pending request
 *   E2BIG       the struct is larger than the kernel knows and its unknown
 *               tail is not zero
 *   EBADF       REQUEST on a file that is not open for writing
 *   EINTR       a signal; see above
 *   ECANCELED   (REQUEST) another thread or process that shares the open file
 *               replaced this request by a write or REQUEST, ended it by a
 *               REQUEST that failed, or, while this call waited, read its
 *               evidence first. The file stays as the other caller left it
 *   ENOMEM      out of memory
 *   ETIMEDOUT   the deadline passed, or host or TPM delayed the request for
 *               so long that the driver or the provider gave up, or a paravisor
 *               made no report for this request
 *   EKEYREVOKED the guest's key to the SNP firmware is wiped: until the
 *               sev-guest driver is reloaded with another vmpck_id, or a reboot
 *   ESTALE      the VM was forked since the request was admitted (best effort)
 *   EBADMSG     the provider's answer failed our checks and was not delivered
 *   EIO         everything else that firmware or host did wrong; see fw_status
 *   ENOTTY      unknown ioctl
 *
 * LEASE AND SCOPED NODE (reserved, not served yet)
 *
 * A file from which evidence was read will poll POLLPRI when that evidence no
 * longer holds, and CVM_EVIDENCE_GET_LEASE will say why; until then it returns
 * EOPNOTSUPP. A second node, CVM_EVIDENCE_SCOPED_DEVICE, will give evidence
 * with a context statement only; until then it does not exist.
 */
#ifndef _UAPI_LINUX_CVM_EVIDENCE_H
#define _UAPI_LINUX_CVM_EVIDENCE_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define CVM_EVIDENCE_DEVICE		"/dev/cvm-evidence"
#define CVM_EVIDENCE_SCOPED_DEVICE	"/dev/cvm-evidence-scoped"

/* The version of this interface, cvm_evidence_info.api_version */
#define CVM_EVIDENCE_API_VERSION	2

#define CVM_EVIDENCE_REPORT_DATA_MAX	64
#define CVM_EVIDENCE_SERVICE_MAX	32	/* bytes of service_provider */
#define CVM_EVIDENCE_QUOTE_DATA_MAX	64	/* the TPM may allow less */
#define CVM_EVIDENCE_PRIVLEVEL_MAX	3
#define CVM_EVIDENCE_SHARES_MAX		4096	/* with a reserved place each */

/**
 * enum cvm_evidence_tee - what signs the evidence
 * @CVM_EVIDENCE_TEE_NONE: no provider, or one whose TEE is not known
 * @CVM_EVIDENCE_TEE_SEV_SNP: AMD SEV-SNP
 * @CVM_EVIDENCE_TEE_TDX: Intel TDX
 * @CVM_EVIDENCE_TEE_CCA: Arm CCA
 */
enum cvm_evidence_tee {
	CVM_EVIDENCE_TEE_NONE		= 0,
	CVM_EVIDENCE_TEE_SEV_SNP	= 1,
	CVM_EVIDENCE_TEE_TDX		= 2,
	CVM_EVIDENCE_TEE_CCA		= 3,
};

/**
 * enum cvm_evidence_provider_id - a way to obtain evidence
 * @CVM_EVIDENCE_PROVIDER_AUTO: in requests: the first available, in this
 *	order, chosen when the request is served. A provider is skipped only
 *	when a probe found that it is not there, and TDX_GUEST is used only
 *	where the kernel has no TSM reports or CVM_EVIDENCE_F_TDREPORT allows it.
 * @CVM_EVIDENCE_PROVIDER_TSM: TSM report configfs (Linux 6.7 and later)
 * @CVM_EVIDENCE_PROVIDER_SEV_GUEST: the ioctls of /dev/sev-guest
 * @CVM_EVIDENCE_PROVIDER_TDX_GUEST: the ioctl of /dev/tdx_guest; gives a
 *	TDREPORT, which only a quoting service of the same machine can turn
 *	into a quote
 * @CVM_EVIDENCE_PROVIDER_VTPM: the vTPM of an Azure paravisor guest; gives an
 *	HCL report: runtime claims, and the SNP report or TDREPORT over them
 */
enum cvm_evidence_provider_id {
	CVM_EVIDENCE_PROVIDER_AUTO	= 0,
	CVM_EVIDENCE_PROVIDER_TSM	= 1,
	CVM_EVIDENCE_PROVIDER_SEV_GUEST	= 2,
	CVM_EVIDENCE_PROVIDER_TDX_GUEST	= 3,
	CVM_EVIDENCE_PROVIDER_VTPM	= 4,
};

/*
 * The ioctls carry no size in their number: the struct's first member, size,
 * is set by the caller to its own sizeof. A struct larger than the kernel
 * knows is accepted when the tail is zero; one smaller than the stated minimum
 * is EINVAL. More than 4096 bytes are E2BIG whatever is in them.
 *
 * 32-bit callers use the same structs unchanged.
 */
#define CVM_EVIDENCE_IOC_MAGIC		0xC7
#define CVM_EVIDENCE_GET_INFO		_IO(CVM_EVIDENCE_IOC_MAGIC, 0x90)
#define CVM_EVIDENCE_REQUEST		_IO(CVM_EVIDENCE_IOC_MAGIC, 0x91)
#define CVM_EVIDENCE_GET_LEASE		_IO(CVM_EVIDENCE_IOC_MAGIC, 0x92)

/*
 * ioctl CVM_EVIDENCE_GET_INFO
 *
 * It answers at once from what is known, and waits for no probe.
 */

/**
 * enum cvm_evidence_status - can a provider be used
 * @CVM_EVIDENCE_ST_UNKNOWN: it was not probed yet
 * @CVM_EVIDENCE_ST_AVAILABLE: it could be used when it was last probed or asked
 * @CVM_EVIDENCE_ST_NOT_BUILT: this kernel or this build has no such interface
 * @CVM_EVIDENCE_ST_NO_DRIVER: the kernel has the interface, but no driver
 *	registered with it: not loaded, or another TEE
 * @CVM_EVIDENCE_ST_NOT_READY: the driver is still initialising or going away
 * @CVM_EVIDENCE_ST_KEY_LOST: the guest's key to the SNP firmware is wiped
 * @CVM_EVIDENCE_ST_ERROR: the probe failed; reason says how
 */
enum cvm_evidence_status {
	CVM_EVIDENCE_ST_UNKNOWN		= 0,
	CVM_EVIDENCE_ST_AVAILABLE	= 1,
	CVM_EVIDENCE_ST_NOT_BUILT	= 2,
	CVM_EVIDENCE_ST_NO_DRIVER	= 3,
	CVM_EVIDENCE_ST_NOT_READY	= 4,
	CVM_EVIDENCE_ST_KEY_LOST	= 5,
	CVM_EVIDENCE_ST_ERROR		= 6,
};

/**
 * enum cvm_evidence_reason - why a provider has its status
 * @CVM_EVIDENCE_REASON_NONE: it is available
 * @CVM_EVIDENCE_REASON_NOT_PROBED: the first probe has not ended
 * @CVM_EVIDENCE_REASON_NO_INTERFACE: this kernel was built without the
 *	interface that the provider uses
 * @CVM_EVIDENCE_REASON_NO_CONFIGFS: configfs was unavailable when the module
 *	was loaded
 * @CVM_EVIDENCE_REASON_SETUP_FAILED: reserved, not given
 * @CVM_EVIDENCE_REASON_NO_DRIVER: no driver is loaded, or this machine has
 *	another TEE
 * @CVM_EVIDENCE_REASON_FOREIGN_NODE: the device node is not the one that
 *	devtmpfs made for the driver
 * @CVM_EVIDENCE_REASON_DRIVER_NOT_LIVE: the driver is initialising or going
 *	away
 * @CVM_EVIDENCE_REASON_DRIVER_UNLOADED: the driver was unloaded
 * @CVM_EVIDENCE_REASON_DRIVER_LEFT: during a request the driver went away, or
 *	the report's place in the TPM
 * @CVM_EVIDENCE_REASON_KEY_WIPED: the guest's key to the SNP firmware is wiped
 * @CVM_EVIDENCE_REASON_NO_TPM: there is no TPM 2.0
 * @CVM_EVIDENCE_REASON_NO_HCL_REPORT: the TPM has no HCL report of a paravisor
 * @CVM_EVIDENCE_REASON_TPM_REFUSED: the TPM refused a command of the probe; the
 *	parameter is its response code
 * @CVM_EVIDENCE_REASON_PROBE_FAILED: the probe failed; the parameter is a
 *	positive errno
 */
enum cvm_evidence_reason {
	CVM_EVIDENCE_REASON_NONE		= 0,
	CVM_EVIDENCE_REASON_NOT_PROBED		= 1,
	CVM_EVIDENCE_REASON_NO_INTERFACE	= 2,
	CVM_EVIDENCE_REASON_NO_CONFIGFS		= 3,
	CVM_EVIDENCE_REASON_SETUP_FAILED	= 4,
	CVM_EVIDENCE_REASON_NO_DRIVER		= 5,
	CVM_EVIDENCE_REASON_FOREIGN_NODE	= 6,
	CVM_EVIDENCE_REASON_DRIVER_NOT_LIVE	= 7,
	CVM_EVIDENCE_REASON_DRIVER_UNLOADED	= 8,
	CVM_EVIDENCE_REASON_DRIVER_LEFT		= 9,
	CVM_EVIDENCE_REASON_KEY_WIPED		= 10,
	CVM_EVIDENCE_REASON_NO_TPM		= 11,
	CVM_EVIDENCE_REASON_NO_HCL_REPORT	= 12,
	CVM_EVIDENCE_REASON_TPM_REFUSED		= 13,
	CVM_EVIDENCE_REASON_PROBE_FAILED	= 14,
};

/* cvm_evidence_provider.caps: parameters of REQUEST that it can serve */
#define CVM_EVIDENCE_CAP_PRIVLEVEL	(1U << 0)
#define CVM_EVIDENCE_CAP_SERVICE	(1U << 1)
#define CVM_EVIDENCE_CAP_CERTS		(1U << 2) /* may bring certificates */
#define CVM_EVIDENCE_CAP_FW_STATUS	(1U << 3) /* reports firmware status */
#define CVM_EVIDENCE_CAP_TPM_QUOTE	(1U << 4) /* can attach a TPM quote */

/**
 * struct cvm_evidence_provider - one entry of the list of providers
 * @id: offset 0: enum cvm_evidence_provider_id
 * @status: offset 4: enum cvm_evidence_status
 * @reason: offset 8: enum cvm_evidence_reason
 * @reason_param: offset 12: the parameter of @reason, 0 where it has none
 * @tee: offset 16: enum cvm_evidence_tee, NONE when neither AVAILABLE nor
 *	KEY_LOST
 * @privlevel_floor: offset 20: lowest privlevel (SNP: VMPL) a request may name
 * @caps: offset 24: CVM_EVIDENCE_CAP_*
 * @quote_data_max: offset 28: with CVM_EVIDENCE_CAP_TPM_QUOTE, bytes of
 *	qualifying data that the TPM takes; else 0
 * @queued: offset 32: requests that it serves now, 0 or 1; none wait at a
 *	provider
 * @last_error: offset 36: positive errno of the last request that it served, 0
 *	when that succeeded or there was none
 * @started: offset 40: requests that it began to serve since the module was
 *	loaded
 * @failed: offset 48: of these, the ones that ended in an error
 * @name: offset 56: "tsm", "sev-guest", "tdx-guest" or "vtpm"
 * @driver: offset 72: the driver behind it ("sev_guest"), empty when there is
 *	none
 *
 * Strings are NUL-terminated.
 */
struct cvm_evidence_provider {
	__u32 id;
	__u32 status;
	__u32 reason;
	__u32 reason_param;
	__u32 tee;
	__u32 privlevel_floor;
	__u32 caps;
	__u32 quote_data_max;
	__u32 queued;
	__u32 last_error;
	__aligned_u64 started;
	__aligned_u64 failed;
	char name[16];
	char driver[32];
};

/* cvm_evidence_info.flags */
#define CVM_EVIDENCE_INFO_F_VMFORK	(1U << 0) /* VM forks are noticed: there is
						   * a VM generation id, in memory
						   * that is not encrypted, so that
						   * the host can change it
						   */
#define CVM_EVIDENCE_INFO_F_EVENTS	(1U << 1) /* the netlink family is
						   * registered
						   */

/**
 * struct cvm_evidence_info - the answer to CVM_EVIDENCE_GET_INFO
 * @size: offset 0: in: sizeof the caller's struct, at least
 *	CVM_EVIDENCE_INFO_SIZE_MIN
 * @flags: offset 4: out: CVM_EVIDENCE_INFO_F_*
 * @api_version: offset 8: out: CVM_EVIDENCE_API_VERSION of the module
 * @tee: offset 12: out: enum cvm_evidence_tee of what AUTO would use
 * @auto_provider: offset 16: out: enum cvm_evidence_provider_id that AUTO would
 *	use now, even if only to answer EKEYREVOKED; CVM_EVIDENCE_PROVIDER_AUTO
 *	when there is none
 * @nr_providers: offset 20: in: elements of the array at @providers; out:
 *	providers the module knows (the array is filled as far as both allow)
 * @provider_size: offset 24: in: sizeof the caller's struct
 *	cvm_evidence_provider, 4 to 4096 when there are elements (else EINVAL)
 * @privlevel_floor: offset 28: out: floor of the provider AUTO would use
 * @providers: offset 32: in: address of the array, or 0 for none
 * @report_data_max: offset 40: out: bytes of report_data
 * @max_blob: offset 44: out: largest blob that is delivered, bytes
 * @queue_max: offset 48: out: places in the queue that all shares
 *	compete for
 * @requests_waiting: offset 52: out: requests that wait now
 * @default_timeout_ms: offset 56: out: deadline of requests that name none
 * @max_timeout_ms: offset 60: out: longest deadline a request may name
 * @request_flags: offset 64: out: CVM_EVIDENCE_F_* that this module serves; a
 *	provider may lack what one of them asks for
 * @reserved: offset 68: out: 0
 * @vm_epoch: offset 72: out: how often this VM was forked or restored since
 *	boot, as far as the kernel noticed; meaningless without
 *	CVM_EVIDENCE_INFO_F_VMFORK
 * @requests_started: offset 80: out: requests admitted since the module was
 *	loaded
 * @requests_ok: offset 88: out: of these, ended with evidence
 * @requests_failed: offset 96: out: of these, ended in an error (the three
 *	kinds below included)
 * @requests_timed_out: offset 104: out: ended with ETIMEDOUT
 * @requests_canceled: offset 112: out: ended because they were replaced or
 *	their file was closed
 * @requests_mismatched: offset 120: out: ended with EBADMSG
 * @refused_busy: offset 128: out: never admitted, EBUSY
 * @refused_quota: offset 136: out: never admitted, EDQUOT
 * @version: offset 144: out: version of the module, NUL-terminated
 *
 * When no request waits or is served, requests_started is requests_ok +
 * requests_failed.
 */
struct cvm_evidence_info {
	__u32 size;
	__u32 flags;
	__u32 api_version;
	__u32 tee;
	__u32 auto_provider;
	__u32 nr_providers;
	__u32 provider_size;
	__u32 privlevel_floor;
	__aligned_u64 providers;
	__u32 report_data_max;
	__u32 max_blob;
	__u32 queue_max;
	__u32 requests_waiting;
	__u32 default_timeout_ms;
	__u32 max_timeout_ms;
	__u32 request_flags;
	__u32 reserved;
	__aligned_u64 vm_epoch;
	__aligned_u64 requests_started;
	__aligned_u64 requests_ok;
	__aligned_u64 requests_failed;
	__aligned_u64 requests_timed_out;
	__aligned_u64 requests_canceled;
	__aligned_u64 requests_mismatched;
	__aligned_u64 refused_busy;
	__aligned_u64 refused_quota;
	char version[32];
};

/* size through @providers; what does not fit is not written */
#define CVM_EVIDENCE_INFO_SIZE_MIN	40

/*
 * ioctl CVM_EVIDENCE_REQUEST
 */

/* cvm_evidence_request.flags */
#define CVM_EVIDENCE_F_EVENT_LOG	(1U << 0) /* attach CCEL table and log */
#define CVM_EVIDENCE_F_TPM_QUOTE	(1U << 1) /* attach a TPM quote (vtpm) */
#define CVM_EVIDENCE_F_QUOTE_DATA	(1U << 2) /* quote_data is given */
#define CVM_EVIDENCE_F_FRESH		(1U << 3) /* refuse evidence of an earlier
						   * time: ETIMEDOUT where a
						   * paravisor makes no new
						   * report, EIO where the TPM
						   * takes no user data.
						   * UNCHECKED evidence is for
						   * the verifier
						   */
#define CVM_EVIDENCE_F_SHARED		(1U << 4) /* reserved: EOPNOTSUPP */
#define CVM_EVIDENCE_F_CONTEXT		(1U << 5) /* reserved: EOPNOTSUPP */
#define CVM_EVIDENCE_F_SERVICE_GUID	(1U << 6) /* service_guid is given */
#define CVM_EVIDENCE_F_MANIFEST_VERSION	(1U << 7) /* service_manifest_version is */
#define CVM_EVIDENCE_F_TDREPORT		(1U << 8) /* AUTO may use TDX_GUEST */

/* cvm_evidence_request.privlevel: whatever the provider's floor is */
#define CVM_EVIDENCE_PRIVLEVEL_DEFAULT	0xffffffffU

/* cvm_evidence_request.out_flags */
#define CVM_EVIDENCE_OUT_F_FW_STATUS	(1U << 0) /* fw_status is known */

/**
 * struct cvm_evidence_request - parameters and outcome of one request
 * @size: offset 0: in: sizeof the caller's struct, at least
 *	CVM_EVIDENCE_REQUEST_SIZE_MIN
 * @flags: offset 4: in: CVM_EVIDENCE_F_*; SHARED with CONTEXT is EINVAL
 * @provider: offset 8: in: enum cvm_evidence_provider_id, AUTO for the first
 *	available
 * @privlevel: offset 12: in: 0..3 (SNP: VMPL), or
 *	CVM_EVIDENCE_PRIVLEVEL_DEFAULT
 * @timeout_ms: offset 16: in: deadline from now in ms, 0 for the module's
 *	default; at most max_timeout_ms of GET_INFO (EINVAL)
 * @report_data_len: offset 20: in: raw length of report_data, 1..64; longer is
 *	EMSGSIZE
 * @report_data: offset 24: in: bytes beyond the length must be zero; the
 *	hardware sees 64 bytes, zero-padded on the right
 * @service_provider: offset 88: in: address of a text without NUL ("svsm"), or
 *	0; needed where @service_guid or @service_manifest_version is given
 * @service_provider_len: offset 96: in: its length, at most
 *	CVM_EVIDENCE_SERVICE_MAX
 * @service_manifest_version: offset 100: in: with
 *	CVM_EVIDENCE_F_MANIFEST_VERSION, else 0
 * @service_guid: offset 104: in: with CVM_EVIDENCE_F_SERVICE_GUID, in the order
 *	of its text form (RFC 4122); else zero
 * @quote_data: offset 120: in: with CVM_EVIDENCE_F_QUOTE_DATA, address of the
 *	qualifying data of the TPM quote; without it the raw report_data is used
 * @quote_data_len: offset 128: in: its length, may be 0
 * @pcr_mask: offset 132: in: bit n selects PCR n, 0 for all of 0..23
 * @pcr_banks: offset 136: in: reserved, 0
 * @reserved: offset 140: in: 0
 * @sequence: offset 144: in: 0 starts a new request and cancels a pending one.
 *	The number of the pending request, if no call has returned its outcome,
 *	continues that request and ignores the other parameters. A number from
 *	the first to the last request of this file that was replaced, or ended
 *	by a REQUEST that failed, is ECANCELED. Any other number is EINVAL,
 *	cancels the pending request and discards an unread blob: let only one
 *	caller continue a number.
 *	out: number of the request since the module was loaded, written before
 *	the call waits; 0 when it was not admitted
 * @out_provider: offset 152: out: enum cvm_evidence_provider_id that was chosen
 *	to serve it, CVM_EVIDENCE_PROVIDER_AUTO when none was
 * @out_flags: offset 156: out: CVM_EVIDENCE_OUT_F_*
 * @blob_len: offset 160: out: bytes that read(2) will deliver, 0 when there is
 *	none
 * @fw_status: offset 168: out: status of the firmware or host where it is known
 *	(sev-guest: exitinfo2, low half firmware, high half VMM; vtpm: the TPM's
 *	response code)
 * @wait_ns: offset 176: out: time from admission to the start of its work, or
 *	until now when that did not start. After a call that an SNP host
 *	throttled, the next begins 2 s later; this pause is included
 * @firmware_ns: offset 184: out: time in the provider, until now or until the
 *	deadline when it has not answered
 *
 * The ioctl needs a file open for writing (EBADF). It sets every parameter,
 * starts the request and waits for it; read(2) then delivers the blob. Out
 * fields are ignored on entry and written on failure too, unless the struct
 * itself was refused by its size or could not be copied. An unread blob is
 * discarded by it. After any result except 0, EAGAIN, EINTR, EBADF and ENOTTY
 * the caller has nothing left to read: the file is at EOF, or as another caller
 * left it who has replaced the request.
 */
struct cvm_evidence_request {
	__u32 size;
	__u32 flags;
	__u32 provider;
	__u32 privlevel;
	__u32 timeout_ms;
	__u32 report_data_len;
	__u8 report_data[CVM_EVIDENCE_REPORT_DATA_MAX];
	__aligned_u64 service_provider;
	__u32 service_provider_len;
	__u32 service_manifest_version;
	__u8 service_guid[16];
	__aligned_u64 quote_data;
	__u32 quote_data_len;
	__u32 pcr_mask;
	__u32 pcr_banks;
	__u32 reserved;
	__aligned_u64 sequence;
	__u32 out_provider;
	__u32 out_flags;
	__aligned_u64 blob_len;
	__aligned_u64 fw_status;
	__aligned_u64 wait_ns;
	__aligned_u64 firmware_ns;
};

/* size through @firmware_ns */
#define CVM_EVIDENCE_REQUEST_SIZE_MIN	192

/*
 * ioctl CVM_EVIDENCE_GET_LEASE (reserved: EOPNOTSUPP)
 */

/* cvm_evidence_lease.reasons and .noticed */
#define CVM_EVIDENCE_LEASE_FORKED	(1U << 0) /* forked or restored */
#define CVM_EVIDENCE_LEASE_RESUMED	(1U << 1) /* suspended and resumed */
#define CVM_EVIDENCE_LEASE_KEY_LOST	(1U << 2)
#define CVM_EVIDENCE_LEASE_TCB		(1U << 3) /* reports name another TCB */
#define CVM_EVIDENCE_LEASE_IDENTITY	(1U << 4) /* a fixed field differs */
#define CVM_EVIDENCE_LEASE_DRIVER	(1U << 5) /* the driver was reloaded */

/**
 * struct cvm_evidence_lease - does the evidence read from this file still hold
 * @size: offset 0: in: sizeof the caller's struct
 * @reasons: offset 4: out: CVM_EVIDENCE_LEASE_* why it does not, 0 if it holds
 * @noticed: offset 8: out: CVM_EVIDENCE_LEASE_* that this kernel can notice
 * @reserved: offset 12: 0
 * @sequence: offset 16: out: number of the request that the evidence is of
 */
struct cvm_evidence_lease {
	__u32 size;
	__u32 reasons;
	__u32 noticed;
	__u32 reserved;
	__aligned_u64 sequence;
};

/*
 * THE EVIDENCE BLOB
 *
 * A struct cvm_evidence_blob of header_len bytes, then item_count items. An
 * item is a struct cvm_evidence_item of 16 bytes, its payload of length bytes,
 * and 0..7 zero bytes to the next multiple of 8. total_len covers all of it;
 * a reader must find the last item end exactly there.
 *
 * A reader skips items of a type it does not know, unless the item carries
 * CVM_EVIDENCE_ITEM_F_CRITICAL: then it refuses the blob. A higher minor
 * version adds items, flags or header bytes; a higher major one breaks. A
 * reader refuses a blob whose flags have an unknown bit of
 * CVM_EVIDENCE_BLOB_F_CRITICAL, and one whose binding it does not know.
 *
 * There is at most one item of each type, except CVM_EVIDENCE_ITEM_ABSENT.
 *
 * The TEE signs only the report. boot_id, vm_epoch, sequence and times come
 * from the kernel and are not signed.
 */
#define CVM_EVIDENCE_BLOB_MAGIC		"CVME"
#define CVM_EVIDENCE_BLOB_MAJOR		1
#define CVM_EVIDENCE_BLOB_MINOR		0
#define CVM_EVIDENCE_BLOB_HEADER_LEN	64
#define CVM_EVIDENCE_ITEM_HEADER_LEN	16

/* cvm_evidence_blob.flags: the upper half is critical, none of it is used yet */
#define CVM_EVIDENCE_BLOB_F_CRITICAL	0xffff0000U
#define CVM_EVIDENCE_BLOB_F_TDREPORT	(1U << 0) /* a TDREPORT, alone or in an HCL
						   * report, not a quote
						   */
#define CVM_EVIDENCE_BLOB_F_KERNEL_RANDOM (1U << 1) /* the kernel chose report_data */
#define CVM_EVIDENCE_BLOB_F_UNCHECKED	(1U << 2) /* the kernel cannot read the
						   * report: binding not checked
						   */
#define CVM_EVIDENCE_BLOB_F_HCL_CACHED	(1U << 3) /* the HCL report may be older
						   * than the request
						   */

/**
 * enum cvm_evidence_binding - how the report is bound to report_data; with
 *	CVM_EVIDENCE_BLOB_F_UNCHECKED, how it should be
 * @CVM_EVIDENCE_BINDING_DIRECT: REPORT_DATA is report_data, padded
 * @CVM_EVIDENCE_BINDING_HCL: REPORT_DATA is SHA-256 of the HCL runtime claims,
 *	whose user-data is report_data, padded
 * @CVM_EVIDENCE_BINDING_HCL_BOOT: an HCL report of an earlier time, without
 *	report_data. A report that carries other user data is delivered only
 *	with CVM_EVIDENCE_F_TPM_QUOTE; without it the error is ETIMEDOUT, or EIO
 *	where the TPM takes no user data
 * @CVM_EVIDENCE_BINDING_HCL_QUOTE: a cached HCL report and a fresh AK quote,
 *	over report_data, or over quote_data with CVM_EVIDENCE_F_QUOTE_DATA. An
 *	empty quote_data binds nothing
 * @CVM_EVIDENCE_BINDING_SVSM: REPORT_DATA is SHA-512(report_data, padded, ||
 *	manifest)
 * @CVM_EVIDENCE_BINDING_STATEMENT: REPORT_DATA is SHA-256(statement), padded
 */
enum cvm_evidence_binding {
	CVM_EVIDENCE_BINDING_DIRECT	= 1,
	CVM_EVIDENCE_BINDING_HCL	= 2,
	CVM_EVIDENCE_BINDING_HCL_BOOT	= 3,
	CVM_EVIDENCE_BINDING_HCL_QUOTE	= 4,
	CVM_EVIDENCE_BINDING_SVSM	= 5,
	CVM_EVIDENCE_BINDING_STATEMENT	= 6,
};

/**
 * struct cvm_evidence_blob - header of the blob
 * @magic: offset 0: the bytes "CVME"
 * @major: offset 4: CVM_EVIDENCE_BLOB_MAJOR
 * @minor: offset 6: CVM_EVIDENCE_BLOB_MINOR
 * @header_len: offset 8: where the first item is, a multiple of 8, at least 64
 * @item_count: offset 12: number of items
 * @total_len: offset 16: bytes of the whole blob
 * @tee: offset 24: enum cvm_evidence_tee
 * @provider: offset 28: enum cvm_evidence_provider_id
 * @flags: offset 32: CVM_EVIDENCE_BLOB_F_*
 * @binding: offset 36: enum cvm_evidence_binding
 * @reserved: offset 40: 24 bytes, zero
 */
struct cvm_evidence_blob {
	__u8 magic[4];
	__u16 major;
	__u16 minor;
	__u32 header_len;
	__u32 item_count;
	__aligned_u64 total_len;
	__u32 tee;
	__u32 provider;
	__u32 flags;
	__u32 binding;
	__u8 reserved[24];
};

/* cvm_evidence_item.flags */
#define CVM_EVIDENCE_ITEM_F_CRITICAL	(1U << 0) /* refuse the blob if unknown */

/**
 * struct cvm_evidence_item - header of an item
 * @type: offset 0: enum cvm_evidence_item_type
 * @flags: offset 4: CVM_EVIDENCE_ITEM_F_*
 * @length: offset 8: bytes of payload, without padding
 * @reserved: offset 12: zero
 */
struct cvm_evidence_item {
	__u32 type;
	__u32 flags;
	__u32 length;
	__u32 reserved;
};

/**
 * enum cvm_evidence_item_type - what an item's payload is
 * @CVM_EVIDENCE_ITEM_REPORT_DATA: report_data as asked for, raw, 1..64 bytes
 * @CVM_EVIDENCE_ITEM_REPORT: the evidence, raw and whole: SNP ATTESTATION_REPORT
 *	(1184 bytes), TDX quote, TDREPORT (1024), CCA token or HCL report
 * @CVM_EVIDENCE_ITEM_CERTS: certificate table of the SNP extended report
 *	(GHCB specification 4.1.8.1)
 * @CVM_EVIDENCE_ITEM_MANIFEST: manifest of the SVSM services
 * @CVM_EVIDENCE_ITEM_STATEMENT: reserved: JSON text whose SHA-256, padded, is
 *	REPORT_DATA
 * @CVM_EVIDENCE_ITEM_MERKLE_PATH: reserved: the member's path in a shared
 *	statement's tree
 * @CVM_EVIDENCE_ITEM_CCEL_TABLE: ACPI CCEL table, raw
 * @CVM_EVIDENCE_ITEM_CCEL_DATA: the event log it points to, up to the end of the
 *	last record that parses
 * @CVM_EVIDENCE_ITEM_TPM_ATTEST: TPMS_ATTEST
 * @CVM_EVIDENCE_ITEM_TPM_SIGNATURE: TPMT_SIGNATURE, whole
 * @CVM_EVIDENCE_ITEM_PCRS: values of the PCRs that TPM_ATTEST is over, in the
 *	order of their numbers; which, and of what bank, is in TPM_ATTEST
 * @CVM_EVIDENCE_ITEM_AK_PUB: TPM2B_PUBLIC of the AK
 * @CVM_EVIDENCE_ITEM_AK_CERT: certificate of the AK
 * @CVM_EVIDENCE_ITEM_DRIVER: name of the driver, text without NUL ("sev_guest")
 * @CVM_EVIDENCE_ITEM_PRIVLEVEL: u32, the privlevel that was asked of the driver
 * @CVM_EVIDENCE_ITEM_SEQUENCE: u64, number of the request
 * @CVM_EVIDENCE_ITEM_BOOT_ID: 16 bytes, as /proc/sys/kernel/random/boot_id, in
 *	the order of its text form
 * @CVM_EVIDENCE_ITEM_VM_EPOCH: u64, vm_epoch of GET_INFO
 * @CVM_EVIDENCE_ITEM_TIME: two u64 of nanoseconds: CLOCK_BOOTTIME and
 *	CLOCK_REALTIME when the provider returned
 * @CVM_EVIDENCE_ITEM_MODULE_VERSION: text without NUL
 * @CVM_EVIDENCE_ITEM_SERVICE_PROVIDER: text without NUL, as asked for
 * @CVM_EVIDENCE_ITEM_SERVICE_GUID: 16 bytes, as asked for
 * @CVM_EVIDENCE_ITEM_SERVICE_MANIFEST_VERSION: u32, as asked for
 * @CVM_EVIDENCE_ITEM_ABSENT: an optional item that is not available: u32 its
 *	type, u32 a positive errno, then a text without NUL
 */
enum cvm_evidence_item_type {
	CVM_EVIDENCE_ITEM_REPORT_DATA			= 1,
	CVM_EVIDENCE_ITEM_REPORT			= 2,
	CVM_EVIDENCE_ITEM_CERTS				= 3,
	CVM_EVIDENCE_ITEM_MANIFEST			= 4,
	CVM_EVIDENCE_ITEM_STATEMENT			= 5,
	CVM_EVIDENCE_ITEM_MERKLE_PATH			= 6,
	CVM_EVIDENCE_ITEM_CCEL_TABLE			= 7,
	CVM_EVIDENCE_ITEM_CCEL_DATA			= 8,
	CVM_EVIDENCE_ITEM_TPM_ATTEST			= 9,
	CVM_EVIDENCE_ITEM_TPM_SIGNATURE			= 10,
	CVM_EVIDENCE_ITEM_PCRS				= 11,
	CVM_EVIDENCE_ITEM_AK_PUB			= 12,
	CVM_EVIDENCE_ITEM_AK_CERT			= 13,
	CVM_EVIDENCE_ITEM_DRIVER			= 14,
	CVM_EVIDENCE_ITEM_PRIVLEVEL			= 15,
	CVM_EVIDENCE_ITEM_SEQUENCE			= 16,
	CVM_EVIDENCE_ITEM_BOOT_ID			= 17,
	CVM_EVIDENCE_ITEM_VM_EPOCH			= 18,
	CVM_EVIDENCE_ITEM_TIME				= 19,
	CVM_EVIDENCE_ITEM_MODULE_VERSION		= 20,
	CVM_EVIDENCE_ITEM_SERVICE_PROVIDER		= 21,
	CVM_EVIDENCE_ITEM_SERVICE_GUID			= 22,
	CVM_EVIDENCE_ITEM_SERVICE_MANIFEST_VERSION	= 23,
	CVM_EVIDENCE_ITEM_ABSENT			= 24,
};

/*
 * EVENTS
 *
 * Generic netlink family "cvm_evidence", described by
 * include/netlink/cvm_evidence.yaml, in the init network namespace only.
 * Listening to its group "events", GET_INFO and the dump GET_LOG need
 * CAP_NET_ADMIN in the init user namespace; events also go only to sockets whose
 * opener has it. A kernel that cannot ensure that has no group, only the log.
 *
 * This is monitoring, not an audit trail: a slow listener loses events, and so
 * does the log when more than CVM_EVIDENCE_LOG_MAX come. Event numbers have no
 * gaps: a listener that misses one sees it, and its socket returns ENOBUFS.
 * Events never carry report_data or anything it could be guessed from.
 *
 * Numbers are of the netlink type uint: 4 bytes, or 8 where the value needs
 * them. EXE_MAJOR and EXE_MINOR are u32.
 */
#define CVM_EVIDENCE_GENL_NAME		"cvm_evidence"
#define CVM_EVIDENCE_GENL_VERSION	1
#define CVM_EVIDENCE_GENL_GROUP		"events"
#define CVM_EVIDENCE_LOG_MAX		1024	/* events that GET_LOG has */

/**
 * enum cvm_evidence_cmd - messages of the family
 * @CVM_EVIDENCE_CMD_UNSPEC: never used
 * @CVM_EVIDENCE_CMD_GET_INFO: do: answers with CVM_EVIDENCE_INFO_A_*, from what
 *	is known
 * @CVM_EVIDENCE_CMD_GET_LOG: dump: the last events, oldest first, each with
 *	CVM_EVIDENCE_EVENT_A_*; with CVM_EVIDENCE_EVENT_A_NUMBER in the request,
 *	the ones from that number on
 * @CVM_EVIDENCE_CMD_EVENT: sent to the group: one event, the same attributes
 */
enum cvm_evidence_cmd {
	CVM_EVIDENCE_CMD_UNSPEC		= 0,
	CVM_EVIDENCE_CMD_GET_INFO	= 1,
	CVM_EVIDENCE_CMD_GET_LOG	= 2,
	CVM_EVIDENCE_CMD_EVENT		= 3,
};

/**
 * enum cvm_evidence_event_type - what happened
 * @CVM_EVIDENCE_EV_EVIDENCE_TAKEN: somebody got evidence
 * @CVM_EVIDENCE_EV_EVIDENCE_FAILED: a request ended in an error; of requests
 *	that were canceled before they were served, a few events per second at
 *	most
 * @CVM_EVIDENCE_EV_PROVIDER_ADDED: a provider can be used from now on
 * @CVM_EVIDENCE_EV_PROVIDER_REMOVED: a provider can no longer be used
 * @CVM_EVIDENCE_EV_THROTTLED: a call took as long as the SNP driver waits when
 *	the host tells it to come back later
 * @CVM_EVIDENCE_EV_RECOVERED: calls are quick again
 * @CVM_EVIDENCE_EV_KEY_LOST: the guest's key to the SNP firmware is wiped
 * @CVM_EVIDENCE_EV_QUOTA_DENIED: a request was not admitted, EBUSY or EDQUOT; a
 *	few events per second at most. The last of them counts all further
 *	refusals, also those of other users
 * @CVM_EVIDENCE_EV_PARAMETER_CHANGED: a module parameter got another value
 * @CVM_EVIDENCE_EV_TCB_CHANGED: reports name another TCB than before
 * @CVM_EVIDENCE_EV_IDENTITY_CHANGED: a report field differs that is fixed for
 *	the life of a VM
 * @CVM_EVIDENCE_EV_REATTEST: the VM was forked, restored or resumed: what was
 *	attested before may no longer hold. After the fact, and by the word of
 *	an untrusted host: hygiene, not proof.
 * @CVM_EVIDENCE_EV_KEY_RECOVERED: a key that was lost works again
 */
enum cvm_evidence_event_type {
	CVM_EVIDENCE_EV_EVIDENCE_TAKEN		= 1,
	CVM_EVIDENCE_EV_EVIDENCE_FAILED		= 2,
	CVM_EVIDENCE_EV_PROVIDER_ADDED		= 3,
	CVM_EVIDENCE_EV_PROVIDER_REMOVED	= 4,
	CVM_EVIDENCE_EV_THROTTLED		= 5,
	CVM_EVIDENCE_EV_RECOVERED		= 6,
	CVM_EVIDENCE_EV_KEY_LOST		= 7,
	CVM_EVIDENCE_EV_QUOTA_DENIED		= 8,
	CVM_EVIDENCE_EV_PARAMETER_CHANGED	= 9,
	CVM_EVIDENCE_EV_TCB_CHANGED		= 10,
	CVM_EVIDENCE_EV_IDENTITY_CHANGED	= 11,
	CVM_EVIDENCE_EV_REATTEST		= 12,
	CVM_EVIDENCE_EV_KEY_RECOVERED		= 13,
};

/**
 * enum cvm_evidence_field - which report field changed
 * @CVM_EVIDENCE_FIELD_CHIP_ID: SNP CHIP_ID, 64 bytes
 * @CVM_EVIDENCE_FIELD_MEASUREMENT: SNP MEASUREMENT, 48 bytes
 * @CVM_EVIDENCE_FIELD_REPORT_ID: SNP REPORT_ID, 32 bytes
 * @CVM_EVIDENCE_FIELD_REPORTED_TCB: SNP REPORTED_TCB, 8 bytes
 * @CVM_EVIDENCE_FIELD_MRTD: TDX MRTD, 48 bytes
 * @CVM_EVIDENCE_FIELD_TEE_TCB_SVN: TDX TEE_TCB_SVN, 16 bytes
 * @CVM_EVIDENCE_FIELD_VM_UNIQUE_ID: vmUniqueId of HCL runtime claims, text of 64
 *	bytes at most
 */
enum cvm_evidence_field {
	CVM_EVIDENCE_FIELD_CHIP_ID	= 1,
	CVM_EVIDENCE_FIELD_MEASUREMENT	= 2,
	CVM_EVIDENCE_FIELD_REPORT_ID	= 3,
	CVM_EVIDENCE_FIELD_REPORTED_TCB	= 4,
	CVM_EVIDENCE_FIELD_MRTD		= 5,
	CVM_EVIDENCE_FIELD_TEE_TCB_SVN	= 6,
	CVM_EVIDENCE_FIELD_VM_UNIQUE_ID	= 7,
};

/**
 * enum cvm_evidence_cause - why to attest again
 * @CVM_EVIDENCE_CAUSE_VM_FORK: the VM generation id changed
 * @CVM_EVIDENCE_CAUSE_RESUME: the VM was suspended or hibernated, and resumed
 */
enum cvm_evidence_cause {
	CVM_EVIDENCE_CAUSE_VM_FORK	= 1,
	CVM_EVIDENCE_CAUSE_RESUME	= 2,
};

/**
 * enum cvm_evidence_event_attr - attributes of an event
 *
 * Of every event:
 * @CVM_EVIDENCE_EVENT_A_NUMBER: uint, 1, 2, 3, ... since the module was loaded
 * @CVM_EVIDENCE_EVENT_A_TYPE: uint, enum cvm_evidence_event_type
 * @CVM_EVIDENCE_EVENT_A_BOOTTIME: uint, CLOCK_BOOTTIME, ns
 * @CVM_EVIDENCE_EVENT_A_REALTIME: uint, CLOCK_REALTIME, ns
 * @CVM_EVIDENCE_EVENT_A_VM_EPOCH: uint, as in GET_INFO
 *
 * Who did it (evidence, quota and parameter events), as the init namespaces
 * see it. A request that a read starts is attributed to the last writer of the
 * file, or to its opener if nothing was written, not to the reader:
 * @CVM_EVIDENCE_EVENT_A_PID: uint, process
 * @CVM_EVIDENCE_EVENT_A_START_TIME: uint, CLOCK_BOOTTIME of its start, ns: a pid
 *	alone may be another process's by now
 * @CVM_EVIDENCE_EVENT_A_UID: uint, real uid
 * @CVM_EVIDENCE_EVENT_A_LOGINUID: uint, of the audit system; absent when unset
 * @CVM_EVIDENCE_EVENT_A_SESSION: uint, of the audit system; absent when unset
 * @CVM_EVIDENCE_EVENT_A_COMM: text, a process names itself as it likes
 * @CVM_EVIDENCE_EVENT_A_EXE_MAJOR: u32, device of its executable's filesystem:
 *	st_dev, except on btrfs and on overlays of several filesystems
 * @CVM_EVIDENCE_EVENT_A_EXE_MINOR: u32, of the same device
 * @CVM_EVIDENCE_EVENT_A_EXE_INODE: uint, st_ino of it
 * @CVM_EVIDENCE_EVENT_A_CGROUP: uint, id of its cgroup (v2): the inode of the
 *	cgroup's directory
 *
 * Of evidence events:
 * @CVM_EVIDENCE_EVENT_A_SEQUENCE: uint, as in the blob
 * @CVM_EVIDENCE_EVENT_A_PROVIDER: uint, enum cvm_evidence_provider_id
 *	(provider, throttling, key and field events too); of a request that no
 *	provider served and of quota events, the one that was asked for
 * @CVM_EVIDENCE_EVENT_A_TEE: uint, enum cvm_evidence_tee (provider and field
 *	events too)
 * @CVM_EVIDENCE_EVENT_A_PRIVLEVEL: uint, as asked for; absent: the default
 * @CVM_EVIDENCE_EVENT_A_FLAGS: uint, CVM_EVIDENCE_F_*
 * @CVM_EVIDENCE_EVENT_A_BATCH: uint, how many requests were answered with it
 * @CVM_EVIDENCE_EVENT_A_ERRNO: uint, positive errno (quota events too)
 * @CVM_EVIDENCE_EVENT_A_FW_STATUS: uint, where it is known
 * @CVM_EVIDENCE_EVENT_A_WAIT_NS: uint, from admission to the start of its work,
 *	or to its end
 * @CVM_EVIDENCE_EVENT_A_FIRMWARE_NS: uint, time in the provider (throttling
 *	events too)
 * @CVM_EVIDENCE_EVENT_A_REPORT_SHA256: 32 bytes, SHA-256 of the report; absent
 *	for a TDREPORT (CVM_EVIDENCE_BLOB_F_TDREPORT), whose hash would let
 *	report_data be guessed
 * @CVM_EVIDENCE_EVENT_A_KERNEL_RANDOM: flag, the kernel chose report_data
 *
 * Of others:
 * @CVM_EVIDENCE_EVENT_A_DRIVER: text, driver behind the provider
 * @CVM_EVIDENCE_EVENT_A_REASON: uint, enum cvm_evidence_reason: why a provider
 *	went away or a key is lost
 * @CVM_EVIDENCE_EVENT_A_REASON_PARAM: uint, its parameter; absent when 0
 * @CVM_EVIDENCE_EVENT_A_COUNT: uint, refusals that a quota event stands for
 * @CVM_EVIDENCE_EVENT_A_PARAMETER: text, name of a module parameter
 * @CVM_EVIDENCE_EVENT_A_OLD_VALUE: uint, its value before
 * @CVM_EVIDENCE_EVENT_A_NEW_VALUE: uint, and now
 * @CVM_EVIDENCE_EVENT_A_FIELD: uint, enum cvm_evidence_field
 * @CVM_EVIDENCE_EVENT_A_OLD: bytes of the field before
 * @CVM_EVIDENCE_EVENT_A_NEW: and now
 * @CVM_EVIDENCE_EVENT_A_CAUSE: uint, enum cvm_evidence_cause
 */
enum cvm_evidence_event_attr {
	CVM_EVIDENCE_EVENT_A_NUMBER		= 1,
	CVM_EVIDENCE_EVENT_A_TYPE		= 2,
	CVM_EVIDENCE_EVENT_A_BOOTTIME		= 3,
	CVM_EVIDENCE_EVENT_A_REALTIME		= 4,
	CVM_EVIDENCE_EVENT_A_VM_EPOCH		= 5,
	CVM_EVIDENCE_EVENT_A_PID		= 6,
	CVM_EVIDENCE_EVENT_A_START_TIME		= 7,
	CVM_EVIDENCE_EVENT_A_UID		= 8,
	CVM_EVIDENCE_EVENT_A_LOGINUID		= 9,
	CVM_EVIDENCE_EVENT_A_SESSION		= 10,
	CVM_EVIDENCE_EVENT_A_COMM		= 11,
	CVM_EVIDENCE_EVENT_A_EXE_MAJOR		= 12,
	CVM_EVIDENCE_EVENT_A_EXE_MINOR		= 13,
	CVM_EVIDENCE_EVENT_A_EXE_INODE		= 14,
	CVM_EVIDENCE_EVENT_A_CGROUP		= 15,
	CVM_EVIDENCE_EVENT_A_SEQUENCE		= 16,
	CVM_EVIDENCE_EVENT_A_PROVIDER		= 17,
	CVM_EVIDENCE_EVENT_A_TEE		= 18,
	CVM_EVIDENCE_EVENT_A_PRIVLEVEL		= 19,
	CVM_EVIDENCE_EVENT_A_FLAGS		= 20,
	CVM_EVIDENCE_EVENT_A_BATCH		= 21,
	CVM_EVIDENCE_EVENT_A_ERRNO		= 22,
	CVM_EVIDENCE_EVENT_A_FW_STATUS		= 23,
	CVM_EVIDENCE_EVENT_A_WAIT_NS		= 24,
	CVM_EVIDENCE_EVENT_A_FIRMWARE_NS	= 25,
	CVM_EVIDENCE_EVENT_A_REPORT_SHA256	= 26,
	CVM_EVIDENCE_EVENT_A_KERNEL_RANDOM	= 27,
	CVM_EVIDENCE_EVENT_A_DRIVER		= 28,
	CVM_EVIDENCE_EVENT_A_REASON		= 29,
	CVM_EVIDENCE_EVENT_A_REASON_PARAM	= 30,
	CVM_EVIDENCE_EVENT_A_COUNT		= 31,
	CVM_EVIDENCE_EVENT_A_PARAMETER		= 32,
	CVM_EVIDENCE_EVENT_A_OLD_VALUE		= 33,
	CVM_EVIDENCE_EVENT_A_NEW_VALUE		= 34,
	CVM_EVIDENCE_EVENT_A_FIELD		= 35,
	CVM_EVIDENCE_EVENT_A_OLD		= 36,
	CVM_EVIDENCE_EVENT_A_NEW		= 37,
	CVM_EVIDENCE_EVENT_A_CAUSE		= 38,
};

/**
 * enum cvm_evidence_info_attr - attributes of GET_INFO's answer
 *
 * As the members of struct cvm_evidence_info of the same names.
 * @CVM_EVIDENCE_INFO_A_VERSION: text
 * @CVM_EVIDENCE_INFO_A_API_VERSION: uint
 * @CVM_EVIDENCE_INFO_A_FLAGS: uint, CVM_EVIDENCE_INFO_F_*
 * @CVM_EVIDENCE_INFO_A_REQUEST_FLAGS: uint, CVM_EVIDENCE_F_*
 * @CVM_EVIDENCE_INFO_A_VM_EPOCH: uint
 * @CVM_EVIDENCE_INFO_A_REQUESTS_WAITING: uint
 * @CVM_EVIDENCE_INFO_A_REQUESTS_STARTED: uint
 * @CVM_EVIDENCE_INFO_A_REQUESTS_OK: uint
 * @CVM_EVIDENCE_INFO_A_REQUESTS_FAILED: uint
 * @CVM_EVIDENCE_INFO_A_REQUESTS_TIMED_OUT: uint
 * @CVM_EVIDENCE_INFO_A_REQUESTS_CANCELED: uint
 * @CVM_EVIDENCE_INFO_A_REQUESTS_MISMATCHED: uint
 * @CVM_EVIDENCE_INFO_A_REFUSED_BUSY: uint
 * @CVM_EVIDENCE_INFO_A_REFUSED_QUOTA: uint
 * @CVM_EVIDENCE_INFO_A_EVENTS: uint, number of the last event
 * @CVM_EVIDENCE_INFO_A_EVENTS_UNSENT: uint, events that could not be sent
 * @CVM_EVIDENCE_INFO_A_PROVIDER: nest of CVM_EVIDENCE_PROVIDER_A_*, one for
 *	each provider
 */
enum cvm_evidence_info_attr {
	CVM_EVIDENCE_INFO_A_VERSION		= 1,
	CVM_EVIDENCE_INFO_A_API_VERSION		= 2,
	CVM_EVIDENCE_INFO_A_FLAGS		= 3,
	CVM_EVIDENCE_INFO_A_REQUEST_FLAGS	= 4,
	CVM_EVIDENCE_INFO_A_VM_EPOCH		= 5,
	CVM_EVIDENCE_INFO_A_REQUESTS_WAITING	= 6,
	CVM_EVIDENCE_INFO_A_REQUESTS_STARTED	= 7,
	CVM_EVIDENCE_INFO_A_REQUESTS_OK		= 8,
	CVM_EVIDENCE_INFO_A_REQUESTS_FAILED	= 9,
	CVM_EVIDENCE_INFO_A_REQUESTS_TIMED_OUT	= 10,
	CVM_EVIDENCE_INFO_A_REQUESTS_CANCELED	= 11,
	CVM_EVIDENCE_INFO_A_REQUESTS_MISMATCHED	= 12,
	CVM_EVIDENCE_INFO_A_REFUSED_BUSY	= 13,
	CVM_EVIDENCE_INFO_A_REFUSED_QUOTA	= 14,
	CVM_EVIDENCE_INFO_A_EVENTS		= 15,
	CVM_EVIDENCE_INFO_A_EVENTS_UNSENT	= 16,
	CVM_EVIDENCE_INFO_A_PROVIDER		= 17,
};

/**
 * enum cvm_evidence_provider_attr - one provider in GET_INFO's answer
 *
 * As the members of struct cvm_evidence_provider of the same names.
 * @CVM_EVIDENCE_PROVIDER_A_ID: uint, enum cvm_evidence_provider_id
 * @CVM_EVIDENCE_PROVIDER_A_NAME: text
 * @CVM_EVIDENCE_PROVIDER_A_STATUS: uint, enum cvm_evidence_status
 * @CVM_EVIDENCE_PROVIDER_A_REASON: uint, enum cvm_evidence_reason
 * @CVM_EVIDENCE_PROVIDER_A_REASON_PARAM: uint
 * @CVM_EVIDENCE_PROVIDER_A_TEE: uint, enum cvm_evidence_tee
 * @CVM_EVIDENCE_PROVIDER_A_PRIVLEVEL_FLOOR: uint
 * @CVM_EVIDENCE_PROVIDER_A_CAPS: uint, CVM_EVIDENCE_CAP_*
 * @CVM_EVIDENCE_PROVIDER_A_QUOTE_DATA_MAX: uint
 * @CVM_EVIDENCE_PROVIDER_A_QUEUED: uint
 * @CVM_EVIDENCE_PROVIDER_A_LAST_ERROR: uint
 * @CVM_EVIDENCE_PROVIDER_A_STARTED: uint
 * @CVM_EVIDENCE_PROVIDER_A_FAILED: uint
 * @CVM_EVIDENCE_PROVIDER_A_DRIVER: text, absent when empty
 */
enum cvm_evidence_provider_attr {
	CVM_EVIDENCE_PROVIDER_A_ID		= 1,
	CVM_EVIDENCE_PROVIDER_A_NAME		= 2,
	CVM_EVIDENCE_PROVIDER_A_STATUS		= 3,
	CVM_EVIDENCE_PROVIDER_A_REASON		= 4,
	CVM_EVIDENCE_PROVIDER_A_REASON_PARAM	= 5,
	CVM_EVIDENCE_PROVIDER_A_TEE		= 6,
	CVM_EVIDENCE_PROVIDER_A_PRIVLEVEL_FLOOR	= 7,
	CVM_EVIDENCE_PROVIDER_A_CAPS		= 8,
	CVM_EVIDENCE_PROVIDER_A_QUOTE_DATA_MAX	= 9,
	CVM_EVIDENCE_PROVIDER_A_QUEUED		= 10,
	CVM_EVIDENCE_PROVIDER_A_LAST_ERROR	= 11,
	CVM_EVIDENCE_PROVIDER_A_STARTED		= 12,
	CVM_EVIDENCE_PROVIDER_A_FAILED		= 13,
	CVM_EVIDENCE_PROVIDER_A_DRIVER		= 14,
};

#endif /* _UAPI_LINUX_CVM_EVIDENCE_H */
