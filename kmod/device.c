// SPDX-License-Identifier: GPL-2.0
/* /dev/cvm-evidence: open, read, write, poll. One open file, one requester. */
#include "cvm_evidence.h"

#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/freezer.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/user_namespace.h>

#include "compat.h"
#include "request.h"

static void client_release(struct kref *ref)
{
	kfree(container_of(ref, struct cvme_client, ref));
	atomic_dec(&cvme_stats.live_files);
}

void cvme_client_put(struct cvme_client *client)
{
	kref_put(&client->ref, client_release);
}

/* Of current, in the unified hierarchy */
u64 cvme_cgroup_id(void)
{
	u64 id = 0;

#ifdef CONFIG_CGROUPS
	rcu_read_lock();
	id = cgroup_id(task_dfl_cgroup(current));
	rcu_read_unlock();
#endif
	return id;
}

static void share_of_opener(const struct cred *cred,
			    struct cvme_share_key *key)
{
	struct user_namespace *ns = cred->user_ns, *outer = NULL;
	kuid_t uid = cred->uid;

	for (; ns != &init_user_ns; ns = ns->parent)
		outer = ns;
	if (outer)
		uid = outer->owner;

	key->kind = CVME_SHARE_UID;
	key->id = from_kuid(&init_user_ns, uid);
	if (IS_ENABLED(CONFIG_CGROUPS) && uid_eq(uid, GLOBAL_ROOT_UID)) {
		key->kind = CVME_SHARE_CGROUP;
		key->id = cvme_cgroup_id();
	}
}

static int device_open(struct inode *inode, struct file *file)
{
	struct cvme_client *client;

	client = kzalloc(sizeof(*client), GFP_KERNEL_ACCOUNT);
	if (!client)
		return -ENOMEM;
	kref_init(&client->ref);
	init_waitqueue_head(&client->wq);
	spin_lock_init(&client->lock);
	mutex_init(&client->io_lock);
	client->state = CVME_FRESH;
	share_of_opener(file->f_cred, &client->share);
	atomic_inc(&cvme_stats.live_files);

	file->private_data = client;
	return stream_open(inode, file);
}

/**
 * cvme_client_replace - change what the next read delivers
 * @client: the open file
 * @req: a request to wait for, whose reference is taken over, or NULL for
 *	nothing
 * @rejoin: @req came from a REQUEST that has yet to return its outcome
 *
 * An earlier request is abandoned, an unread blob discarded.
 */
void cvme_client_replace(struct cvme_client *client, struct cvme_request *req,
			 bool rejoin)
{
	struct cvme_request *old;

	spin_lock(&client->lock);
	old = client->req;
	client->req = req;
	client->state = req ? CVME_PENDING : CVME_EOF;
	client->rejoin = rejoin;
	client->pos = 0;
	client->gen++;
	spin_unlock(&client->lock);
	wake_up_all(&client->wq);

	if (old) {
		cvme_request_abandon(old);
		cvme_request_put(old);
	}
}

static int device_release(struct inode *inode, struct file *file)
{
	struct cvme_client *client = file->private_data;

	cvme_client_replace(client, NULL, false);
	cvme_client_put(client);
	return 0;
}

/* Interruptible and freezable: suspend and cgroup freeze go on meanwhile */
int cvme_client_wait(struct cvme_client *client, struct cvme_request *req)
{
	return wait_event_freezable(client->wq, cvme_request_done(req));
}

static void default_params(struct cvme_params *par)
{
	memset(par, 0, sizeof(*par));
	par->provider = CVM_EVIDENCE_PROVIDER_AUTO;
	par->privlevel = CVM_EVIDENCE_PRIVLEVEL_DEFAULT;
}

/*
 * Start what the file asks for, from CVME_FRESH or CVME_ARMED. Submitting may
 * sleep, so CVME_STARTING keeps others from doing the same; a write or REQUEST
 * meanwhile wins. Called and returns with client->lock held.
 *
 * Return: 0 (look again), or the error that this read returns.
 */
static int start_locked(struct cvme_client *client, bool nonblock)
	__must_hold(&client->lock)
{
	int was = client->state;
	struct cvme_params par;
	struct cvme_request *req;
	unsigned int gen;
	int err = 0;

	if (was == CVME_ARMED) {
		par = client->params;
	} else {
		default_params(&par);
		par.report_data_len = CVM_EVIDENCE_REPORT_DATA_MAX;
		par.kernel_random = 1;
	}
	client->state = CVME_STARTING;
	gen = ++client->gen;
	spin_unlock(&client->lock);

	if (par.kernel_random)
		get_random_bytes(par.report_data, sizeof(par.report_data));
	req = cvme_request_submit(client, &par, nonblock);

	spin_lock(&client->lock);
	if (client->gen != gen) {
		spin_unlock(&client->lock);
		if (!IS_ERR(req)) {
			cvme_request_abandon(req);
			cvme_request_put(req);
		}
		spin_lock(&client->lock);
		return 0;
	}
	if (!IS_ERR(req)) {
		client->req = req;
		client->rejoin = false;
		client->pos = 0;
		client->state = CVME_PENDING;
	} else {
		err = PTR_ERR(req);
		/* told once, then EOF: an event loop must not hammer us */
		client->state = err == -ERESTARTSYS ? was : CVME_EOF;
	}
	wake_up_all(&client->wq);
	return err;
}

static bool starting(struct cvme_client *client)
{
	bool ret;

	spin_lock(&client->lock);
	ret = client->state == CVME_STARTING;
	spin_unlock(&client->lock);
	return ret;
}

/*
 * The request that this read is about.
 *
 * Return: a reference; NULL for EOF; the error to return.
 */
static struct cvme_request *current_request(struct cvme_client *client,
					    bool nonblock)
{
	struct cvme_request *req;
	int err;

	spin_lock(&client->lock);
	for (;;) {
		switch (client->state) {
		case CVME_EOF:
			spin_unlock(&client->lock);
			return NULL;
		case CVME_PENDING:
			req = cvme_request_get(client->req);
			spin_unlock(&client->lock);
			return req;
		case CVME_STARTING:
			spin_unlock(&client->lock);
			if (nonblock)
				return ERR_PTR(-EAGAIN);
			err = wait_event_freezable(client->wq,
						   !starting(client));
			if (err)
				return ERR_PTR(err);
			spin_lock(&client->lock);
			break;
		case CVME_FRESH:
		case CVME_ARMED:
			err = start_locked(client, nonblock);
			if (err) {
				spin_unlock(&client->lock);
				return ERR_PTR(err);
			}
			break;
		}
	}
}

/*
 * Deliver from a request that is done, if it is still what the file is about.
 * Under io_lock: a reader that faults holds up only those who share its file.
 *
 * Return: bytes copied or a negative errno; 0 when it is not.
 */
static ssize_t deliver(struct cvme_client *client, struct cvme_request *req,
		       char __user *ubuf, size_t len)
{
	struct cvme_request *finished = NULL;
	size_t pos, n;
	bool ours;

	spin_lock(&client->lock);
	ours = client->req == req;
	pos = client->pos;
	if (ours && req->error) {
		client->req = NULL;
		client->state = CVME_EOF;
		finished = req;
	}
	spin_unlock(&client->lock);
	if (!ours)
		return 0;
	if (finished) {
		int err = req->error;

		cvme_request_put(finished);
		return err;
	}

	n = cvme_blob_copy(req->blob, pos, ubuf, len);
	if (!n)
		return -EFAULT;

	spin_lock(&client->lock);
	if (client->req == req) {
		client->pos = pos + n;
		client->rejoin = false;
		if (client->pos == req->blob->len) {
			client->req = NULL;
			client->state = CVME_EOF;
			finished = req;
		}
	}
	spin_unlock(&client->lock);
	if (finished)
		cvme_request_put(finished);
	return n;
}

static ssize_t device_read(struct file *file, char __user *ubuf, size_t len,
			   loff_t *ppos)
{
	bool nonblock = file->f_flags & O_NONBLOCK;
	struct cvme_client *client = file->private_data;
	struct cvme_request *req;
	ssize_t ret;

	if (!len)
		return 0;
	/* once more when a write or REQUEST replaced what we waited for */
	do {
		req = current_request(client, nonblock);
		if (IS_ERR_OR_NULL(req))
			return PTR_ERR_OR_ZERO(req);

		ret = -EAGAIN;
		if (nonblock && !cvme_request_done(req))
			goto put;
		ret = cvme_client_wait(client, req);
		if (ret)
			goto put;
		ret = mutex_lock_interruptible(&client->io_lock);
		if (ret) {
			ret = -ERESTARTSYS;
			goto put;
		}
		ret = deliver(client, req, ubuf, len);
		mutex_unlock(&client->io_lock);
put:
		cvme_request_put(req);
	} while (!ret);
	return ret;
}

static ssize_t device_write(struct file *file, const char __user *ubuf,
			    size_t len, loff_t *ppos)
{
	struct cvme_client *client = file->private_data;
	struct cvme_request *req, *old;
	struct cvme_params par;

	if (!len)
		return -EINVAL;
	if (len > CVM_EVIDENCE_REPORT_DATA_MAX)
		return -EMSGSIZE;
	default_params(&par);
	if (copy_from_user(par.report_data, ubuf, len))
		return -EFAULT;
	par.report_data_len = len;

	if (file->f_flags & O_NONBLOCK) {
		req = cvme_request_submit(client, &par, true);
		if (IS_ERR(req))
			return PTR_ERR(req);
		cvme_client_replace(client, req, false);
		return len;
	}

	spin_lock(&client->lock);
	old = client->req;
	client->req = NULL;
	client->params = par;
	client->state = CVME_ARMED;
	client->rejoin = false;
	client->gen++;
	spin_unlock(&client->lock);
	wake_up_all(&client->wq);
	if (old) {
		cvme_request_abandon(old);
		cvme_request_put(old);
	}
	return len;
}

static __poll_t device_poll(struct file *file, poll_table *wait)
{
	struct cvme_client *client = file->private_data;
	__poll_t mask = EPOLLOUT | EPOLLWRNORM;

	poll_wait(file, &client->wq, wait);

	spin_lock(&client->lock);
	switch (client->state) {
	case CVME_STARTING:
		break;
	case CVME_PENDING:
		if (!cvme_request_done(client->req))
			break;
		mask |= EPOLLIN | EPOLLRDNORM;
		if (client->req->error)
			mask |= EPOLLERR;
		break;
	default:
		mask |= EPOLLIN | EPOLLRDNORM;
	}
	spin_unlock(&client->lock);
	return mask;
}

static const struct file_operations device_fops = {
	.owner = THIS_MODULE,
	.open = device_open,
	.release = device_release,
	.read = device_read,
	.write = device_write,
	.poll = device_poll,
	.unlocked_ioctl = cvme_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "cvm-evidence",
	.mode = 0600,
	.fops = &device_fops,
};

int cvme_device_init(void)
{
	return misc_register(&device);
}

void cvme_device_exit(void)
{
	misc_deregister(&device);
}
