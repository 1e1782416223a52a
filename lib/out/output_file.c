/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "out/output_file.h"

#include "out/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* As the kernel has it. */
#define MAX_LINKS 40

#define WRITABLE_BY_OTHERS (S_IWGRP | S_IWOTH)

/* A path that can be opened fits in here. */
struct path {
	char text[PATH_MAX];
};

static bool set_path(struct path *path, const char *text, size_t size)
{
	if (size >= sizeof(path->text))
		return false;
	memmove(path->text, text, size);
	path->text[size] = '\0';
	return true;
}

/* Makes the missing directories that lead to a path. */
static void make_directories(const char *text)
{
	struct path path;

	if (!set_path(&path, text, strlen(text)))
		return;
	for (char *slash = strchr(path.text + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path.text, 0777);
		*slash = '/';
	}
}

/* Sets the directory of a path: "/", or without a slash at its end. */
static bool set_directory(struct path *directory, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return set_path(directory, ".", 1);
	return set_path(directory, path, slash > path ? (size_t)(slash - path) : 1);
}

/* Returns whether somebody else, root aside, may put files into the path's directory. */
static bool is_in_public(const char *path)
{
	struct path directory;
	struct stat status;

	return !set_directory(&directory, path) || stat(directory.text, &status) != 0 ||
	       (status.st_mode & WRITABLE_BY_OTHERS) ||
	       (status.st_uid != 0 && status.st_uid != geteuid());
}

static bool is_trusted(uid_t owner)
{
	return owner == 0 || owner == geteuid();
}

/* Replaces the path of a link by its TARGET. Returns 0 or -errno. */
static int replace_path(struct path *path, const char *target, size_t size)
{
	const char *slash = *target == '/' ? NULL : strrchr(path->text, '/');
	size_t start = slash ? (size_t)(slash - path->text) + 1 : 0;

	if (start + size >= sizeof(path->text))
		return -ENAMETOOLONG;
	memcpy(path->text + start, target, size);
	path->text[start + size] = '\0';
	return 0;
}

/*
 * Follows a link. Links like /proc/self/fd/1, where /dev/stdout leads, have a text that
 * means nothing: IS_MAGIC. Returns 0 or -errno.
 */
static int follow_link(struct path *path, bool *is_magic)
{
	struct path target;
	struct stat status;
	struct statfs system;
	int fd = open(path->text, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	ssize_t size = readlinkat(fd, "", target.text, sizeof(target.text));
	bool is_known = fstat(fd, &status) == 0 && fstatfs(fd, &system) == 0;
	close(fd);
	if (size <= 0 || !is_known)
		return -ELOOP;
	if (is_in_public(path->text) && !is_trusted(status.st_uid))
		return -EPERM;
	*is_magic = system.f_type == PROC_SUPER_MAGIC;
	return *is_magic ? 0 : replace_path(path, target.text, (size_t)size);
}

/* Returns 0, or -EPERM for a file that somebody else may have put there. */
static int check_owner(const char *path, int fd)
{
	struct stat status;

	if (fstat(fd, &status) != 0)
		return -errno;
	if (S_ISCHR(status.st_mode) || !is_in_public(path))
		return 0;
	bool is_alone = !S_ISREG(status.st_mode) || status.st_nlink <= 1;
	return is_trusted(status.st_uid) && is_alone ? 0 : -EPERM;
}

/*
 * Opens the path; a link only if FOLLOWS. Files are opened for reading, too: their end
 * shows whether the last line is whole.
 */
static int open_plain(const struct pt_output_request *request, const char *path,
		      bool follows)
{
	struct stat status;
	mode_t mode = request->mode < 0 ? 0666 : (mode_t)request->mode;
	int flags = O_CREAT | O_CLOEXEC | O_NOCTTY | (follows ? 0 : O_NOFOLLOW);
	bool is_there = (follows ? stat : lstat)(path, &status) == 0;
	bool is_file = !is_there || S_ISREG(status.st_mode);

	if (request->is_appended)
		flags |= O_APPEND;
	if (!is_there)
		flags |= O_EXCL;
	if (is_there && S_ISFIFO(status.st_mode) && !request->may_wait)
		flags |= O_NONBLOCK;
	int fd = open(path, flags | (is_file ? O_RDWR : O_WRONLY), mode);
	if (fd < 0 && errno == EACCES && is_file)
		fd = open(path, flags | O_WRONLY, mode);
	if (fd < 0)
		return -errno;
	if (!is_there && request->mode >= 0)
		fchmod(fd, mode); /* whatever the umask says */
	if (flags & O_NONBLOCK)
		fcntl(fd, F_SETFL, flags & O_APPEND);
	int error = check_owner(path, fd);
	if (error)
		close(fd);
	return error ? error : fd;
}

int pt_output_file_open(const struct pt_output_request *request)
{
	struct path path;
	int fd = -ENAMETOOLONG;
	bool makes_directories = request->makes_directories;
	bool is_magic = false;

	if (!set_path(&path, request->path, strlen(request->path)))
		return fd;
	for (int links = 0; links < MAX_LINKS; links++) {
		fd = open_plain(request, path.text, is_magic);
		if (fd == -ENOENT && makes_directories) {
			make_directories(path.text);
			makes_directories = false;
		} else if (fd == -ELOOP && !request->is_generated) {
			int error = follow_link(&path, &is_magic);
			if (error)
				return error;
		} else if (fd != -EEXIST) {
			break; /* else somebody made it meanwhile */
		}
	}
	if (fd >= 0 && request->resolved)
		memcpy(request->resolved, path.text, sizeof(path.text));
	return fd;
}

bool pt_output_file_keep_old(const char *path)
{
	struct path old;
	size_t size = strlen(path);

	if (!set_path(&old, path, size) || size + sizeof(".old") > sizeof(old.text))
		return false;
	strcpy(old.text + size, ".old");
	return rename(path, old.text) == 0;
}
