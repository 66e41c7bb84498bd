// SPDX-License-Identifier: GPL-2.0-only
/*
 * What happens to providers: provider-added, provider-removed, key-lost,
 * key-recovered, throttled, recovered ("EVENTS" of the header). Each is told
 * once, when it happens.
 */
#define _GNU_SOURCE
#include "cvm_client.h"
#include "drivers.h"
#include "nl.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define SNP_RETRY_MS	2000	/* what the SNP driver waits when throttled */

static struct nl listener;
/* The provider that AUTO uses, as the case began */
static struct cvm_evidence_provider prov;

static void setup(void)
{
	struct cvm_state st;

	driver_state(&st);
	prov = *cvm_find(&st, st.info.auto_provider);
	nl_listen(&listener);
	nl_drain(&listener);
}

static void need_snp(void)
{
	if (prov.tee != CVM_EVIDENCE_TEE_SEV_SNP)
		ktap_skip("of SNP only");
}

/* 0 or errno, by write and read on a file of its own */
static int attempt(void)
{
	static uint8_t buf[CVM_BUF_SIZE];
	int fd = cvm_open(O_RDWR);
	ssize_t n;

	cvm_write(fd, "events", 6);
	n = cvm_slurp(fd, buf, sizeof(buf));
	close(fd);
	return n < 0 ? -n : 0;
}

static void take(void)
{
	int err = attempt();

	CHECK(!err, "%s", strerror(err));
}

/*
 * Events of our provider: another one (sev-guest beside tsm) may come and go
 * with the same driver.
 */
static bool next_of(uint32_t type, struct nl_event *ev, unsigned int timeout_ms)
{
	uint64_t end = now_ms() + timeout_ms, now;

	while ((now = now_ms()) < end) {
		int n = nl_next(&listener, ev, end - now);

		CHECK(n >= 0, "listening: %s", strerror(-n));
		if (n && ev->type == type && nl_num(ev, EVA(PROVIDER)) == prov.id)
			return true;
	}
	return false;
}

static void wait_of(uint32_t type, struct nl_event *ev, unsigned int timeout_ms)
{
	CHECK(next_of(type, ev, timeout_ms), "no event of type %u of %s", type,
	      prov.name);
	nl_note(ev);
}

static void none_of(uint32_t type, unsigned int timeout_ms)
{
	struct nl_event ev;

	CHECK(!next_of(type, &ev, timeout_ms), "an event of type %u of %s", type,
	      prov.name);
}

static void check_of_driver(const struct nl_event *ev)
{
	CHECK(nl_num(ev, EVA(TEE)) == prov.tee, "tee");
	CHECK(!strcmp(nl_text(ev, EVA(DRIVER)), prov.driver), "driver %s, not %s",
	      nl_text(ev, EVA(DRIVER)), prov.driver);
}

static void unload(void)
{
	const struct cvm_evidence_provider *p;
	struct cvm_state st;
	struct nl_event ev;
	int fd;

	module_unload(driver_name(), 5000);
	/* GET_INFO knows it at once, the event is told by the worker */
	fd = cvm_open(O_RDONLY);
	cvm_get_info(fd, &st);
	close(fd);
	p = cvm_find(&st, prov.id);
	CHECK(p->status != CVM_EVIDENCE_ST_AVAILABLE &&
	      p->status != CVM_EVIDENCE_ST_UNKNOWN, "%s has status %u without %s",
	      p->name, p->status, driver_name());
	wait_of(EV(PROVIDER_REMOVED), &ev, 5000);
	check_of_driver(&ev);
	CHECK(nl_num(&ev, EVA(REASON)) == CVM_EVIDENCE_REASON_DRIVER_UNLOADED,
	      "reason %llu", (unsigned long long)nl_num(&ev, EVA(REASON)));
}

static void load(const char *params)
{
	struct nl_event ev;

	CHECK(!driver_load(params), "%s does not load", driver_name());
	wait_of(EV(PROVIDER_ADDED), &ev, 10000);
	check_of_driver(&ev);
}

/* A driver goes and comes, and nobody asks for evidence. */
static void goes_and_comes(void)
{
	struct nl_event ev;

	setup();
	for (int i = 0; i < 2; i++) {
		unload();
		none_of(EV(PROVIDER_REMOVED), 300);
		load(NULL);
		none_of(EV(PROVIDER_ADDED), 300);
	}
	take();
	nl_wait(&listener, EV(EVIDENCE_TAKEN), &ev, 10000);
}

/* A request that finds nobody fails, and does not tell of the driver again. */
static void nobody_there(void)
{
	unsigned int failed = 0;
	struct nl_event ev;
	int err, n;

	setup();
	unload();
	for (int i = 0; i < 3; i++) {
		err = attempt();
		CHECK(err == ENODEV, "%s", strerror(err));
		sleep_ms(600);
	}
	while ((n = nl_next(&listener, &ev, 300)) > 0) {
		if (ev.type == EV(PROVIDER_REMOVED) &&
		    nl_num(&ev, EVA(PROVIDER)) != prov.id)
			continue;
		CHECK(ev.type == EV(EVIDENCE_FAILED), "an event of type %u",
		      ev.type);
		CHECK(nl_num(&ev, EVA(ERRNO)) == ENODEV &&
		      nl_num(&ev, EVA(PROVIDER)) == CVM_EVIDENCE_PROVIDER_AUTO,
		      "errno %llu, provider %llu",
		      (unsigned long long)nl_num(&ev, EVA(ERRNO)),
		      (unsigned long long)nl_num(&ev, EVA(PROVIDER)));
		failed++;
	}
	CHECK(!n, "%s", strerror(-n));
	CHECK(failed == 3, "%u of 3 failures are told of", failed);
}

/* Another driver is loaded, which serves no one: nothing is told. */
static void others(void)
{
	static const char *const names[] = { "sev_guest", "tdx_guest" };
	struct nl_event ev;
	const char *other;
	int n;

	setup();
	other = names[!strcmp(driver_name(), "sev_guest")];
	if (other_driver_load(other, "tsm=N node=N"))
		ktap_skip("%s does not load", other);
	n = nl_next(&listener, &ev, 700);
	module_unload(other, 5000);
	if (n > 0)
		nl_note(&ev);
	CHECK(!n, "an event of type %u", ev.type);
	n = nl_next(&listener, &ev, 700);
	CHECK(!n, "an event of type %u", ev.type);
}

/* "what happened at boot comes before any listener" */
static void in_log_from_the_start(void)
{
	struct nl_event *log;
	bool found = false;
	int n;

	setup();
	nl_close(&listener);
	reload_ours();
	take();
	nl_open(&listener);
	n = nl_get_log(&listener, 0, &log);
	CHECK(n > 0, "%d events in the log", n);
	CHECK(log[0].number == 1, "the first is number %llu",
	      (unsigned long long)log[0].number);
	for (int i = 0; i < n; i++) {
		if (log[i].type != EV(PROVIDER_ADDED) ||
		    nl_num(&log[i], EVA(PROVIDER)) != prov.id)
			continue;
		CHECK(!found, "added twice");
		found = true;
		check_of_driver(&log[i]);
	}
	CHECK(found, "%s is not in the log", prov.name);
	CHECK(log[n - 1].type == EV(EVIDENCE_TAKEN), "the last is of type %u",
	      log[n - 1].type);
}

static void lose_key(void)
{
	struct nl_event ev;

	sim_set("key_lost=1");
	for (int i = 0; i < 3; i++)
		CHECK(attempt() == EKEYREVOKED, "evidence without a key");
	wait_of(EV(KEY_LOST), &ev, 10000);
	check_of_driver(&ev);
	CHECK(nl_num(&ev, EVA(REASON)) == CVM_EVIDENCE_REASON_KEY_WIPED,
	      "reason %llu", (unsigned long long)nl_num(&ev, EVA(REASON)));
	nl_wait(&listener, EV(EVIDENCE_FAILED), &ev, 10000);
	CHECK(nl_num(&ev, EVA(ERRNO)) == EKEYREVOKED, "errno %llu",
	      (unsigned long long)nl_num(&ev, EVA(ERRNO)));
	/* once, and the provider is not gone by it */
	while (nl_next(&listener, &ev, 300) > 0)
		CHECK(ev.type == EV(EVIDENCE_FAILED), "an event of type %u", ev.type);
}

static void key_lost_and_new(void)
{
	struct nl_event ev;

	setup();
	need_snp();
	lose_key();
	unload();
	load("vmpck_id=1");
	take();
	nl_wait(&listener, EV(EVIDENCE_TAKEN), &ev, 10000);
	/* another key is not the one that was lost */
	none_of(EV(KEY_RECOVERED), 200);
}

/* "a key that was lost serves again"; RECOVERED is of throttling alone */
static void key_lost_and_back(void)
{
	struct nl_event ev;

	setup();
	need_snp();
	lose_key();
	sim_set("key_lost=0");
	take();
	while (nl_next(&listener, &ev, 10000) > 0 && ev.type != EV(KEY_RECOVERED))
		CHECK(ev.type == EV(EVIDENCE_TAKEN), "an event of type %u", ev.type);
	CHECK(ev.type == EV(KEY_RECOVERED), "the key's return is not told of");
	check_of_driver(&ev);
	CHECK(nl_num(&ev, EVA(PROVIDER)) == prov.id, "provider");
	take();
	while (nl_next(&listener, &ev, 200) > 0)
		CHECK(ev.type == EV(EVIDENCE_TAKEN), "an event of type %u", ev.type);
}

/* A call that took so long, and its evidence event; returns its time in ms */
static uint64_t taken_in(void)
{
	struct nl_event ev;

	take();
	nl_wait(&listener, EV(EVIDENCE_TAKEN), &ev, 10000);
	return nl_num(&ev, EVA(FIRMWARE_NS)) / 1000000;
}

static void throttled(void)
{
	struct nl_event ev, of;

	setup();
	need_snp();
	CHECK(taken_in() < SNP_RETRY_MS, "this machine is too slow to tell");
	sim_set("delay=%u", SNP_RETRY_MS + 300);
	take();
	wait_of(EV(THROTTLED), &ev, 10000);
	nl_wait(&listener, EV(EVIDENCE_TAKEN), &of, 10000);
	CHECK(nl_num(&ev, EVA(FIRMWARE_NS)) == nl_num(&of, EVA(FIRMWARE_NS)),
	      "another time than the request's");
	take();
	none_of(EV(THROTTLED), 200);

	/* a quick failure does not show that calls are quick */
	sim_set("delay=0");
	sim_fail_next();
	CHECK(attempt() == EIO, "");
	none_of(EV(RECOVERED), 200);
	take();
	wait_of(EV(RECOVERED), &ev, 10000);
	CHECK(nl_num(&ev, EVA(FIRMWARE_NS)) < SNP_RETRY_MS * 1000000ULL, "");
	take();
	none_of(EV(RECOVERED), 200);
}

/* By the host's own word: BUSY, and the driver tries again */
static void throttled_by_host(void)
{
	struct nl_event ev;

	setup();
	need_snp();
	sim_set("throttle=1:1");
	take();
	wait_of(EV(THROTTLED), &ev, 10000);
	take();
	wait_of(EV(RECOVERED), &ev, 10000);
}

/* Other TEEs are slow by nature. */
static void slow_is_not_throttled(void)
{
	setup();
	if (prov.tee == CVM_EVIDENCE_TEE_SEV_SNP)
		ktap_skip("of other TEEs than SNP");
	sim_set("delay=%u:1", SNP_RETRY_MS + 300);
	CHECK(taken_in() >= SNP_RETRY_MS, "");
	take();
	none_of(EV(THROTTLED), 100);
}

static const struct ktap_case cases[] = {
	{ "goes_and_comes", goes_and_comes, 0 },
	{ "nobody_there", nobody_there, 0 },
	{ "others", others, 0 },
	{ "in_log_from_the_start", in_log_from_the_start, 0 },
	{ "key_lost_and_new", key_lost_and_new, 0 },
	{ "key_lost_and_back", key_lost_and_back, 0 },
	{ "throttled", throttled, 0 },
	{ "throttled_by_host", throttled_by_host, 0 },
	{ "slow_is_not_throttled", slow_is_not_throttled, 0 },
};

DRIVERS_TEST_MAIN(cases)
