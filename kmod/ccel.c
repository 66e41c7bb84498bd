// SPDX-License-Identifier: GPL-2.0
/*
 * The confidential computing event log: ACPI table CCEL (ACPI 6.5, 5.2.34) and
 * the log area that it points to. Firmware hands over an area of up to 256 KiB
 * that is 0xff from the log's end on; only the log itself is worth carrying.
 */
#include "cvm_evidence.h"

#include <linux/acpi.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/sizes.h>

#include "ccel.h"
#include "compat.h"

/* Offsets behind the 36 bytes of the ACPI header */
#define CCEL_LOG_LENGTH		40	/* u64: log area minimum length */
#define CCEL_LOG_ADDRESS	48	/* u64: log area start address */
#define CCEL_TABLE_LEN		56
#define CCEL_LOG_MAX		SZ_16M

#ifdef CONFIG_ACPI
static int copy_log(u64 addr, u64 len, size_t max, struct cvme_buf *log,
		    const char **why)
{
	u64 used = len;
	u8 *area;
	int err;

	*why = "the CCEL table names no log area, or one of unlikely size";
	if (!addr || !len || len > CCEL_LOG_MAX || addr + len < addr)
		return -EINVAL;

	/*
	 * ACPI tables are the host's to make, and this goes to users: no table
	 * may point them at the kernel's own memory. Firmware keeps the log in
	 * memory that it reserves (ACPI NVS).
	 */
	*why = "the CCEL table points at memory that is not firmware's";
	if (region_intersects(addr, len, IORESOURCE_SYSTEM_RAM,
			      IORES_DESC_NONE) != REGION_DISJOINT)
		return -EACCES;

	area = memremap(addr, len, MEMREMAP_WB);
	*why = "the event log's memory cannot be mapped";
	if (!area)
		return -ENXIO;

	while (used && READ_ONCE(area[used - 1]) == 0xff)
		used--;
	*why = "the event log is empty";
	err = -ENODATA;
	if (!used)
		goto out;
	*why = "the event log is larger than the module's max_blob";
	err = -EFBIG;
	if (used > max)
		goto out;
	*why = "out of memory";
	err = cvme_buf_alloc(log, used);
	if (!err)
		memcpy(log->data, area, used);
out:
	memunmap(area);
	return err;
}

/**
 * cvme_ccel_read - copy the event log
 * @table: the ACPI table, raw; may be set although the log is not
 * @log: the log, without the 0xff that follow it
 * @max: a longer log is -EFBIG
 * @why: on failure a constant text
 *
 * Return: 0 or a negative errno; the caller frees both buffers either way.
 */
int cvme_ccel_read(struct cvme_buf *table, struct cvme_buf *log, size_t max,
		   const char **why)
{
	struct acpi_table_header *hdr;
	u64 addr, len;
	u32 size;
	int err;

	*why = "this firmware has no CCEL table";
	if (acpi_disabled || ACPI_FAILURE(acpi_get_table("CCEL", 0, &hdr)))
		return -ENOENT;

	size = hdr->length;
	*why = "the CCEL table is of unlikely size";
	err = -EINVAL;
	if (size < CCEL_TABLE_LEN || size > SZ_4K)
		goto out;
	*why = "out of memory";
	err = cvme_buf_alloc(table, size);
	if (err)
		goto out;
	memcpy(table->data, hdr, size);

	len = get_unaligned_le64(table->data + CCEL_LOG_LENGTH);
	addr = get_unaligned_le64(table->data + CCEL_LOG_ADDRESS);
	err = copy_log(addr, len, max, log, why);
out:
	acpi_put_table(hdr);
	return err;
}
#else
int cvme_ccel_read(struct cvme_buf *table, struct cvme_buf *log, size_t max,
		   const char **why)
{
	*why = "this kernel has no ACPI";
	return -ENOENT;
}
#endif
