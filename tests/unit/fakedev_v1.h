/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A module of version 1 of the interface, as far as it answers: its structs, which
 * it fills as far as the caller's go. Its REQUEST has the size of today's, and
 * tells the length of the blob where the sequence number is now.
 */
#ifndef FAKEDEV_V1_H
#define FAKEDEV_V1_H

struct v1_provider {
	__u32 id;
	__u32 status;		/* 0: available */
	__u32 tee;
	__u32 privlevel_floor;
	__u32 caps;
	__u32 queued;
	__aligned_u64 started;
	__aligned_u64 failed;
	char name[16];
	char driver[32];
	char reason[96];
};

struct v1_info {
	__u32 size;
	__u32 flags;
	__u32 api_version;
	__u32 tee;
	__u32 auto_provider;
	__u32 nr_providers;
	__u32 provider_size;
	__u32 privlevel_floor;
	__aligned_u64 providers;
	__u32 limits[6];
	__aligned_u64 counters[9];
	__u32 live[4];
	char version[32];
};

static int v1_get_info(void *arg)
{
	struct v1_provider p = {
		.id = CVM_EVIDENCE_PROVIDER_TSM, .tee = CVM_EVIDENCE_TEE_SEV_SNP,
		.caps = CVM_EVIDENCE_CAP_PRIVLEVEL, .name = "tsm", .driver = "sev_guest",
	};
	struct v1_info i = { 0 };
	size_t size = *(__u32 *)arg, each;

	size = size < sizeof(i) ? size : sizeof(i);
	memcpy(&i, arg, size);
	each = i.provider_size < sizeof(p) ? i.provider_size : sizeof(p);
	if (i.nr_providers && i.providers)
		memcpy((void *)(unsigned long)i.providers, &p, each);
	i.api_version = 1;
	i.tee = CVM_EVIDENCE_TEE_SEV_SNP;
	i.auto_provider = CVM_EVIDENCE_PROVIDER_TSM;
	i.nr_providers = 1;
	strcpy(i.version, "0.1.0");
	memcpy(arg, &i, size);
	return 0;
}

static int v1_request(void *arg, unsigned long long blob_len)
{
	struct {
		__u8 in[144];
		__u32 out_provider;
		__u32 out_flags;
		__aligned_u64 blob_len;
		__aligned_u64 sequence;
		__aligned_u64 rest[3];
	} *r = arg;

	fprintf(stderr, "a module of version 1 was asked for evidence\n");
	r->out_provider = CVM_EVIDENCE_PROVIDER_TSM;
	r->out_flags = 0;
	r->blob_len = blob_len;
	r->sequence = 1;
	return 0;
}

#endif
