// SPDX-License-Identifier: GPL-2.0
/* /dev/cvm-evidence: open, read, write, poll. One open file, one requester. */
#include "cvm_evidence.h"

#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/uio.h>

#include "device.h"
#include "file.h"
#include "ioctl.h"
#include "request.h"

static int device_open(struct inode *inode, struct file *file)
{
	struct cvme_file *f = cvme_file_new();

	if (!f)
		return -ENOMEM;
	file->private_data = f;
	return stream_open(inode, file);
}

static int device_release(struct inode *inode, struct file *file)
{
	cvme_file_free(file->private_data);
	return 0;
}

static bool is_nonblock(const struct kiocb *iocb)
{
	return iocb->ki_filp->f_flags & O_NONBLOCK ||
	       iocb->ki_flags & IOCB_NOWAIT;
}

static ssize_t device_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	if (!iov_iter_count(to))
		return 0;
	return cvme_file_read(iocb->ki_filp->private_data, to,
			      is_nonblock(iocb));
}

static ssize_t device_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct cvme_file *f = iocb->ki_filp->private_data;
	size_t len = iov_iter_count(from);
	struct cvme_request *req;
	struct cvme_params par;

	if (!len)
		return -EINVAL;
	if (len > CVM_EVIDENCE_REPORT_DATA_MAX)
		return -EMSGSIZE;
	cvme_params_default(&par);
	if (!copy_from_iter_full(par.report_data, len, from))
		return -EFAULT;
	par.report_data_len = len;

	/* io_uring sets IOCB_NOWAIT on its own, and arming waits for nothing */
	if (!(iocb->ki_filp->f_flags & O_NONBLOCK)) {
		cvme_file_arm(f, &par);
		return len;
	}
	req = cvme_file_start(f, &par);
	if (IS_ERR(req))
		return PTR_ERR(req);
	cvme_request_put(req);
	return len;
}

static __poll_t device_poll(struct file *file, poll_table *wait)
{
	struct cvme_file *f = file->private_data;
	__poll_t mask = EPOLLOUT | EPOLLWRNORM;
	bool failed;

	poll_wait(file, &f->asker->wq, wait);
	if (cvme_file_readable(f, &failed))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (failed)
		mask |= EPOLLERR;
	return mask;
}

static const struct file_operations device_fops = {
	.owner = THIS_MODULE,
	.open = device_open,
	.release = device_release,
	.read_iter = device_read_iter,
	.write_iter = device_write_iter,
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
