/* SPDX-License-Identifier: GPL-2.0-only */
/* Time, order statistics and an end with a message. */
#ifndef BENCH_H
#define BENCH_H

#include <stddef.h>
#include <stdint.h>

#define RD_LEN		64	/* bytes of report_data */
#define BLOB_MAX	(1 << 20)

uint64_t now_ns(void);
void die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
/* Another one each time; the first eight bytes count. */
void next_report_data(uint8_t rd[static RD_LEN]);
/* Sorts; q is 0..100 */
uint64_t quantile(uint64_t *v, size_t n, unsigned int q);
/* Evidence by write and read from an open /dev/cvm-evidence: its length */
size_t take(int fd, const uint8_t rd[static RD_LEN], uint8_t *buf, size_t size);

#endif
