/* SPDX-License-Identifier: MIT */
/*
 * Finds a libpython that the program loads with dlopen.
 *
 * Why dlsym and not dlopen: glibc takes RUNPATH, $ORIGIN and the namespace from the
 * return address of dlopen, so we could only jump to it, and then do nothing after it.
 * But programs enter what dlopen loaded through dlsym. Looking before the real dlsym is
 * early enough, keeps the caller's address (RTLD_NEXT) and does not disturb dlerror():
 * the call of dlsym that follows discards a pending error anyway.
 */
#include "config.h"

#include "late.h"
#include "util.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <link.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/* What to call when objects were loaded; NULL: leave dlsym alone. */
static void (*_Atomic on_new_objects)(void);

/* How many objects had been loaded at the last look; 0: the first dlsym looks. */
static _Atomic unsigned long long seen_adds;

/* A look is under way. Others do not wait for it: a child of fork could hang. */
static atomic_flag is_looking = ATOMIC_FLAG_INIT;

/* The definition of dlsym behind this library. */
static void *_Atomic real_dlsym;

/* What may be called before a sanitizer, which looks things up itself, is ready. */
#define UNSANITIZED __attribute__((no_sanitize("address", "thread", "undefined")))

struct search {
	int skip;
	char *path;
};

static int read_adds(struct dl_phdr_info *info, size_t size, void *adds)
{
	(void)size;
	*(unsigned long long *)adds = info->dlpi_adds;
	return 1;
}

/* Only such a name is opened: other objects of the program are never touched. */
static int find_name(struct dl_phdr_info *info, size_t size, void *data)
{
	struct search *search = data;
	const char *slash = info->dlpi_name ? strrchr(info->dlpi_name, '/') : NULL;

	(void)size;
	if (!slash || strncmp(slash + 1, "libpython", strlen("libpython")) != 0 ||
	    strlen(info->dlpi_name) >= PATH_MAX || search->skip-- > 0)
		return 0;
	strcpy(search->path, info->dlpi_name);
	return 1;
}

void *pt_late_open_libpython(void)
{
	char path[PATH_MAX];

	for (int i = 0;; i++) {
		struct search search = { .skip = i, .path = path };
		void *handle;

		if (!dl_iterate_phdr(find_name, &search))
			return NULL;
		handle = dlopen(path, RTLD_LAZY | RTLD_NOLOAD);
		if (handle && dlsym(handle, "PyImport_Inittab"))
			return handle;
		if (handle)
			dlclose(handle);
	}
}

void pt_late_watch(void (*look)(void))
{
	on_new_objects = look;
}

UNSANITIZED static void look_for_new_objects(void)
{
	void (*look)(void) = on_new_objects;
	unsigned long long adds = 0;
	int saved_errno = errno;

	if (!look || atomic_flag_test_and_set(&is_looking))
		return;
	dl_iterate_phdr(read_adds, &adds);
	if (adds != seen_adds) {
		seen_adds = adds;
		look();
	}
	atomic_flag_clear(&is_looking);
	errno = saved_errno;
}

/* dlsym cannot find itself; its version is that of the architecture's first glibc, or 2.34. */
UNSANITIZED static void *find_dlsym(void)
{
	static const char *const versions[] = { "GLIBC_2.34", "GLIBC_2.2.5", "GLIBC_2.17",
						"GLIBC_2.0" };
	void *found = real_dlsym;

	for (size_t i = 0; !found && i < sizeof(versions) / sizeof(*versions); i++)
		found = dlvsym(RTLD_NEXT, "dlsym", versions[i]);
	real_dlsym = found;
	return found;
}

/* Called by dlsym below: looks, and returns the function to jump to. */
__attribute__((used, visibility("hidden"))) void *pt_late_enter_dlsym(void);
UNSANITIZED void *pt_late_enter_dlsym(void)
{
	look_for_new_objects();
	return find_dlsym();
}

#if defined(__x86_64__)
__asm__(".text\n"
	".globl dlsym\n"
	".type dlsym, @function\n"
	"dlsym:\n"
	".cfi_startproc\n"
	"	endbr64\n"
	"	pushq %rdi\n"
	"	.cfi_adjust_cfa_offset 8\n"
	"	pushq %rsi\n"
	"	.cfi_adjust_cfa_offset 8\n"
	"	subq $8, %rsp\n"
	"	.cfi_adjust_cfa_offset 8\n"
	"	call pt_late_enter_dlsym\n"
	"	addq $8, %rsp\n"
	"	.cfi_adjust_cfa_offset -8\n"
	"	popq %rsi\n"
	"	.cfi_adjust_cfa_offset -8\n"
	"	popq %rdi\n"
	"	.cfi_adjust_cfa_offset -8\n"
	"	jmp *%rax\n"
	".cfi_endproc\n"
	".size dlsym, . - dlsym\n");
#elif defined(__aarch64__)
__asm__(".text\n"
	".globl dlsym\n"
	".type dlsym, %function\n"
	"dlsym:\n"
	"	stp x29, x30, [sp, #-32]!\n"
	"	stp x0, x1, [sp, #16]\n"
	"	bl pt_late_enter_dlsym\n"
	"	mov x16, x0\n"
	"	ldp x0, x1, [sp, #16]\n"
	"	ldp x29, x30, [sp], #32\n"
	"	br x16\n"
	".size dlsym, . - dlsym\n");
#else
#error "dlsym must be reached with its caller's return address: add the jump for this machine"
#endif
