/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "out/growth.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>

/*
 * ext4 delays choosing the blocks of what is written, which costs time for each: a write
 * to allocated blocks takes little more than half the time. Containers keep their files
 * on an overlay, mostly over ext4. Other file systems gain nothing, or must ask a server.
 */
static bool gains(int fd)
{
	struct statfs status;

	return fstatfs(fd, &status) == 0 && (status.f_type == EXT4_SUPER_MAGIC ||
					     status.f_type == OVERLAYFS_SUPER_MAGIC);
}

void pt_growth_prepare(struct pt_growth *growth, int fd, uint64_t size, size_t more)
{
	if (size < PT_GROWTH_FROM || size + more <= growth->allocated)
		return;
	if (!growth->is_known)
		growth->is_gain = gains(fd);
	growth->is_known = true;
	if (!growth->is_gain)
		return;
	growth->allocated = size + more + PT_GROWTH_STEP;
	growth->is_gain = fallocate(fd, FALLOC_FL_KEEP_SIZE, (off_t)size,
				    (off_t)(growth->allocated - size)) == 0;
}
