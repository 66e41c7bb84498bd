// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/cvm_sim/DRIVER/: knobs and counters. A knob takes VALUE, which
 * holds until changed, or VALUE:COUNT for the next COUNT requests.
 */
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "cvm_sim.h"

static const char *const certs_names[] = {
	[CVM_SIM_CERTS_PEM] = "pem",
	[CVM_SIM_CERTS_DER] = "der",
	[CVM_SIM_CERTS_NONE] = "none",
	[CVM_SIM_CERTS_PEM_LE] = "pem-le",
	[CVM_SIM_CERTS_DER_LE] = "der-le",
	[CVM_SIM_CERTS_OUTSIDE] = "outside",
	[CVM_SIM_CERTS_OVERLAP] = "overlap",
	[CVM_SIM_CERTS_WRAP] = "wrap",
	[CVM_SIM_CERTS_LARGE] = "large",
	[CVM_SIM_CERTS_VLEK] = "vlek",
	NULL
};

static const char *const product_names[] = {
	[CVM_SIM_MILAN] = "milan",
	[CVM_SIM_GENOA] = "genoa",
	[CVM_SIM_TURIN] = "turin",
	NULL
};

struct sim_attr {
	struct kobj_attribute ka;
	int index;
	const char *const *names;
	u64 initial;
};

static struct sim_tee *all_tees;
static struct kobject *top;

static struct sim_tee *to_tee(struct kobject *kobj)
{
	int i;

	for (i = 0; i < SIM_NR_TEES - 1; i++)
		if (all_tees[i].kobj == kobj)
			break;
	return &all_tees[i];
}

static ssize_t knob_show(struct kobject *kobj, struct kobj_attribute *ka, char *buf)
{
	struct sim_attr *attr = container_of(ka, struct sim_attr, ka);
	struct sim_tee *t = to_tee(kobj);
	struct sim_knob_state s;

	spin_lock(&t->lock);
	s = t->knobs[attr->index];
	spin_unlock(&t->lock);
	if (s.left < 0)
		return sysfs_emit(buf, "%llu\n", s.value);
	return sysfs_emit(buf, "%llu:%lld\n", s.value, s.left);
}

static int parse_value(const struct sim_attr *attr, const char *text, u64 *value)
{
	int i;

	if (attr->names) {
		i = match_string(attr->names, -1, text);
		if (i >= 0) {
			*value = i;
			return 0;
		}
	}
	return kstrtou64(text, 0, value);
}

static ssize_t knob_store(struct kobject *kobj, struct kobj_attribute *ka,
			  const char *buf, size_t len)
{
	struct sim_attr *attr = container_of(ka, struct sim_attr, ka);
	struct sim_tee *t = to_tee(kobj);
	char text[48], *count;
	struct sim_knob_state s = { .left = -1 };
	int err;

	if (strscpy(text, buf, sizeof(text)) < 0)
		return -EINVAL;
	count = strim(text);
	strsep(&count, ":");
	err = parse_value(attr, strim(text), &s.value);
	if (!err && count) {
		err = kstrtos64(count, 0, &s.left);
		if (!err && s.left < 1)
			err = -EINVAL;
	}
	if (err)
		return err;

	spin_lock(&t->lock);
	t->knobs[attr->index] = s;
	spin_unlock(&t->lock);
	if (attr->index == SIM_BLOCK && !s.value)
		sim_release_blocked(t);
	return len;
}

#define KNOB(_name, _index, _names, _initial)				\
	{								\
		.ka = __ATTR(_name, 0644, knob_show, knob_store),	\
		.index = (_index),					\
		.names = (_names),					\
		.initial = (_initial),					\
	}

static struct sim_attr knobs[] = {
	KNOB(delay, SIM_DELAY, NULL, 0),
	KNOB(block, SIM_BLOCK, NULL, 0),
	KNOB(throttle, SIM_THROTTLE, NULL, 0),
	KNOB(retry_ms, SIM_RETRY_MS, NULL, 2000),
	KNOB(retry_max_ms, SIM_RETRY_MAX_MS, NULL, 60000),
	KNOB(fw_error, SIM_FW_ERROR, NULL, 0),
	KNOB(keep_key, SIM_KEEP_KEY, NULL, 0),
	KNOB(rsp_status, SIM_RSP_STATUS, NULL, 0),
	KNOB(badmsg, SIM_BADMSG, NULL, 0),
	KNOB(oversize, SIM_OVERSIZE, NULL, 0),
	KNOB(empty, SIM_EMPTY, NULL, 0),
	KNOB(truncate, SIM_TRUNCATE, NULL, 0),
	KNOB(varlen, SIM_VARLEN, NULL, 0),
	KNOB(wrong_data, SIM_WRONG_DATA, NULL, 0),
	KNOB(garbage, SIM_GARBAGE, NULL, 0),
	KNOB(other_version, SIM_OTHER_VERSION, NULL, 0),
	KNOB(echo, SIM_ECHO, NULL, 0),
	KNOB(mask_chip, SIM_MASK_CHIP, NULL, 0),
	KNOB(tcb, SIM_TCB, NULL, 0),
	KNOB(identity, SIM_IDENTITY, NULL, 0),
	KNOB(certs, SIM_CERTS, certs_names, CVM_SIM_CERTS_PEM),
	KNOB(version, SIM_VERSION, NULL, 0),
	KNOB(product, SIM_PRODUCT, product_names, 0),
	KNOB(fast, SIM_FAST, NULL, 0),
	KNOB(slow, SIM_SLOW, NULL, 0),
	KNOB(async, SIM_ASYNC, NULL, 0),
	KNOB(tdcall, SIM_TDCALL, NULL, 0),
	KNOB(vmcall, SIM_VMCALL, NULL, 0),
	KNOB(quote_status, SIM_QUOTE_STATUS, NULL, 0),
};

/* What a knob is worth once its count has run out: what it was at load. */
static u64 initial_of(const struct sim_tee *t, enum sim_knob k)
{
	int i;

	/* tdx_guest looks every second, 30 times (getquote_timeout) */
	if (t == &all_tees[SIM_TDX_GUEST] && k == SIM_RETRY_MS)
		return 1000;
	if (t == &all_tees[SIM_TDX_GUEST] && k == SIM_RETRY_MAX_MS)
		return 30000;
	for (i = 0; i < ARRAY_SIZE(knobs); i++)
		if (knobs[i].index == k)
			return knobs[i].initial;
	return 0;
}

static u64 take_locked(struct sim_tee *t, enum sim_knob k)
{
	struct sim_knob_state *s = &t->knobs[k];
	u64 value = s->value;

	if (s->left > 0 && --s->left == 0) {
		s->value = initial_of(t, k);
		s->left = -1;
	}
	return value;
}

u64 sim_take(struct sim_tee *t, enum sim_knob k)
{
	u64 value;

	spin_lock(&t->lock);
	value = take_locked(t, k);
	spin_unlock(&t->lock);
	return value;
}
EXPORT_SYMBOL_GPL(sim_take);

/* But for throttle, which is asked again at each try. */
void sim_take_all(struct sim_tee *t, struct sim_plan *plan)
{
	int k;

	spin_lock(&t->lock);
	for (k = 0; k < SIM_NR_KNOBS; k++)
		plan->knob[k] = k == SIM_THROTTLE ? 0 : take_locked(t, k);
	spin_unlock(&t->lock);
}

u64 sim_peek(struct sim_tee *t, enum sim_knob k)
{
	u64 value;

	spin_lock(&t->lock);
	value = t->knobs[k].value;
	spin_unlock(&t->lock);
	return value;
}
EXPORT_SYMBOL_GPL(sim_peek);

static ssize_t counter_show(struct kobject *kobj, struct kobj_attribute *ka, char *buf)
{
	struct sim_attr *attr = container_of(ka, struct sim_attr, ka);

	return sysfs_emit(buf, "%lld\n",
			  atomic64_read(&to_tee(kobj)->counters[attr->index]));
}

#define COUNTER(_name, _index)						\
	{								\
		.ka = __ATTR(_name, 0444, counter_show, NULL),		\
		.index = (_index),					\
	}

static struct sim_attr counters[] = {
	COUNTER(calls, SIM_C_CALLS),
	COUNTER(ok, SIM_C_OK),
	COUNTER(failed, SIM_C_FAILED),
	COUNTER(tsm_calls, SIM_C_TSM_CALLS),
	COUNTER(node_calls, SIM_C_NODE_CALLS),
	COUNTER(not_ready, SIM_C_NOT_READY),
	COUNTER(after_remove, SIM_C_AFTER_REMOVE),
	COUNTER(busy_tries, SIM_C_BUSY_TRIES),
	COUNTER(in_flight, SIM_C_IN_FLIGHT),
};

/* key_lost: 1 wipes the loaded driver's key, 0 gives all back, as a reboot. */
static ssize_t key_lost_show(struct kobject *kobj, struct kobj_attribute *ka, char *buf)
{
	struct sim_tee *t = to_tee(kobj);

	return sysfs_emit(buf, "%d\n", sim_key_wiped(t, READ_ONCE(t->vmpck_id)));
}

static ssize_t key_lost_store(struct kobject *kobj, struct kobj_attribute *ka,
			      const char *buf, size_t len)
{
	struct sim_tee *t = to_tee(kobj);
	bool lost;
	int err;

	err = kstrtobool(buf, &lost);
	if (err)
		return err;
	if (lost) {
		sim_key_wipe(t, READ_ONCE(t->vmpck_id));
	} else {
		spin_lock(&t->lock);
		t->wiped = 0;
		spin_unlock(&t->lock);
	}
	return len;
}

static ssize_t keys_wiped_show(struct kobject *kobj, struct kobj_attribute *ka, char *buf)
{
	return sysfs_emit(buf, "0x%lx\n", READ_ONCE(to_tee(kobj)->wiped));
}

/* Any write puts every knob back to what it was at load and frees the blocked. */
static ssize_t reset_store(struct kobject *kobj, struct kobj_attribute *ka,
			   const char *buf, size_t len)
{
	struct sim_tee *t = to_tee(kobj);
	int i;

	spin_lock(&t->lock);
	for (i = 0; i < ARRAY_SIZE(knobs); i++)
		t->knobs[knobs[i].index] = (struct sim_knob_state){
			.value = initial_of(t, knobs[i].index), .left = -1 };
	spin_unlock(&t->lock);
	sim_release_blocked(t);
	return len;
}

static struct kobj_attribute key_lost_attr =
	__ATTR(key_lost, 0644, key_lost_show, key_lost_store);
static struct kobj_attribute keys_wiped_attr =
	__ATTR(keys_wiped, 0444, keys_wiped_show, NULL);
static struct kobj_attribute reset_attr = __ATTR(reset, 0200, NULL, reset_store);

static ssize_t connected_show(struct kobject *kobj, struct kobj_attribute *ka, char *buf)
{
	return sysfs_emit(buf, "%d\n", sim_channel_connected());
}

static struct kobj_attribute connected_attr =
	__ATTR(daemon, 0444, connected_show, NULL);

static int add_tee(struct sim_tee *t)
{
	int i, err;

	for (i = 0; i < ARRAY_SIZE(knobs); i++)
		t->knobs[knobs[i].index] = (struct sim_knob_state){
			.value = initial_of(t, knobs[i].index), .left = -1 };

	t->kobj = kobject_create_and_add(t->name, top);
	if (!t->kobj)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(knobs); i++) {
		err = sysfs_create_file(t->kobj, &knobs[i].ka.attr);
		if (err)
			return err;
	}
	for (i = 0; i < ARRAY_SIZE(counters); i++) {
		err = sysfs_create_file(t->kobj, &counters[i].ka.attr);
		if (err)
			return err;
	}
	err = sysfs_create_file(t->kobj, &reset_attr.attr);
	if (!err && t == &all_tees[SIM_SEV_GUEST])
		err = sysfs_create_file(t->kobj, &key_lost_attr.attr);
	if (!err && t == &all_tees[SIM_SEV_GUEST])
		err = sysfs_create_file(t->kobj, &keys_wiped_attr.attr);
	return err;
}

int sim_knobs_init(struct sim_tee *tees)
{
	int i, err;

	for (i = 0; i < ARRAY_SIZE(knobs); i++)
		sysfs_attr_init(&knobs[i].ka.attr);
	for (i = 0; i < ARRAY_SIZE(counters); i++)
		sysfs_attr_init(&counters[i].ka.attr);
	sysfs_attr_init(&key_lost_attr.attr);
	sysfs_attr_init(&keys_wiped_attr.attr);
	sysfs_attr_init(&reset_attr.attr);
	sysfs_attr_init(&connected_attr.attr);

	all_tees = tees;
	top = kobject_create_and_add("cvm_sim", kernel_kobj);
	if (!top)
		return -ENOMEM;
	err = sysfs_create_file(top, &connected_attr.attr);
	for (i = 0; !err && i < SIM_NR_TEES; i++)
		err = add_tee(&tees[i]);
	if (err)
		sim_knobs_exit(tees);
	return err;
}

void sim_knobs_exit(struct sim_tee *tees)
{
	int i;

	for (i = 0; i < SIM_NR_TEES; i++)
		kobject_put(tees[i].kobj);
	kobject_put(top);
}
