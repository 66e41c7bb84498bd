// SPDX-License-Identifier: GPL-2.0
/*
 * The confidential computing event log: ACPI table CCEL (ACPI 6.5, 5.2.34) and
 * the log area that it points to. The host makes ACPI tables, and users get the
 * copy: a table must not trick us into copying the guest's secrets. So the area
 * has to be where TDX firmware puts its log (edk2 TdTcg2Dxe, td-shim), and only
 * the records of a log are copied, none of the bytes behind them.
 */
#include "cvm_evidence.h"

#include <linux/acpi.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/sizes.h>

#include "ccel.h"
#include "compat.h"
#include "tcg_log.h"

/* Size of the table, which is fixed, and offsets in it */
#define CCEL_TABLE_LEN		56
#define CCEL_TYPE		36	/* u8: 2 for TDX */
#define CCEL_LOG_LENGTH		40	/* u64: log area minimum length */
#define CCEL_LOG_ADDRESS	48	/* u64: log area start address */
#define CCEL_TYPE_TDX		2
#define CCEL_LOG_MAX		SZ_16M
#define CCEL_TABLES_MAX		16

#ifdef CONFIG_ACPI
/* The walk clips each resource to the range: find one that covers all of it */
static int has_all(struct resource *res, void *range)
{
	const struct resource *want = range;

	return res->start == want->start && res->end == want->end;
}

static bool in_one_nvs_area(u64 addr, u64 len)
{
	struct resource want = { .start = addr, .end = addr + len - 1 };

	return walk_iomem_res_desc(IORES_DESC_ACPI_NV_STORAGE, IORESOURCE_MEM,
				   want.start, want.end, &want, has_all) == 1;
}

static int copy_records(const u8 *area, size_t len, size_t max,
			struct cvme_buf *log, const char **why)
{
	size_t used = cvme_tcg_log_len(area, len);
	int err;

	*why = "the memory that the CCEL table names has no TCG event log in it";
	if (!used)
		return memchr_inv(area, 0xff, len) ? -EBADMSG : -ENODATA;
	*why = "the event log is larger than the module's max_blob";
	if (used > max)
		return -EFBIG;
	*why = "out of memory";
	err = cvme_buf_alloc(log, used);
	if (err)
		return err;
	memcpy(log->data, area, used);
	/* the area may have changed between the check and the copy */
	*why = "the event log changed while it was copied";
	if (cvme_tcg_log_len(log->data, used) == used)
		return 0;
	cvme_buf_free(log);
	return -EBADMSG;
}

static int copy_log(const u8 *table, size_t max, struct cvme_buf *log,
		    const char **why)
{
	u64 len = get_unaligned_le64(table + CCEL_LOG_LENGTH);
	u64 addr = get_unaligned_le64(table + CCEL_LOG_ADDRESS);
	u8 *area;
	int err;

	*why = "the CCEL table names no log area, or one of unlikely size";
	if (!addr || !len || len > CCEL_LOG_MAX || addr + len < addr)
		return -EINVAL;
	*why = "the CCEL table names memory that is not one ACPI NVS area";
	if (!in_one_nvs_area(addr, len))
		return -EACCES;
	*why = "the event log's memory cannot be mapped";
	area = memremap(addr, len, MEMREMAP_WB);
	if (!area)
		return -ENXIO;
	err = copy_records(area, len, max, log, why);
	memunmap(area);
	return err;
}

/* Copy one table and its log; @table stays set if only the log is unavailable */
static int read_one(const struct acpi_table_header *hdr, struct cvme_buf *table,
		    struct cvme_buf *log, size_t max, const char **why)
{
	int err;

	*why = "the CCEL table is not of the size that ACPI gives it";
	if (hdr->length != CCEL_TABLE_LEN)
		return -EINVAL;
	*why = "the CCEL table is not one of Intel TDX";
	if (((const u8 *)hdr)[CCEL_TYPE] != CCEL_TYPE_TDX)
		return -EOPNOTSUPP;
	*why = "out of memory";
	err = cvme_buf_alloc(table, CCEL_TABLE_LEN);
	if (err)
		return err;
	memcpy(table->data, hdr, CCEL_TABLE_LEN);
	return copy_log(table->data, max, log, why);
}

/**
 * cvme_ccel_read - copy the event log of a TDX guest
 * @table: the ACPI table, raw; may be set although the log is not
 * @log: the records of the log
 * @max: a longer log is -EFBIG
 * @why: on failure a constant text
 *
 * Firmware may have several CCEL tables. The first one with a log is used; if
 * none has a log, @why is about the first table of type TDX.
 *
 * Return: 0 or a negative errno; the caller frees both buffers either way.
 */
int cvme_ccel_read(struct cvme_buf *table, struct cvme_buf *log, size_t max,
		   const char **why)
{
	struct acpi_table_header *hdr;
	unsigned int i;
	int ret = -ENOENT;

	*why = "this firmware has no CCEL table";
	if (acpi_disabled)
		return -ENOENT;
	for (i = 1; i <= CCEL_TABLES_MAX; i++) {
		struct cvme_buf one = {};
		const char *text;
		int err;

		if (ACPI_FAILURE(acpi_get_table("CCEL", i, &hdr)))
			break;
		err = read_one(hdr, &one, log, max, &text);
		acpi_put_table(hdr);
		if (!err || ret == -ENOENT || (one.data && !table->data)) {
			cvme_buf_free(table);
			*table = one;
			*why = text;
			ret = err;
		} else {
			cvme_buf_free(&one);
		}
		if (!err)
			break;
	}
	return ret;
}
#else
int cvme_ccel_read(struct cvme_buf *table, struct cvme_buf *log, size_t max,
		   const char **why)
{
	*why = "this kernel has no ACPI";
	return -ENOENT;
}
#endif
