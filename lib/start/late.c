/* SPDX-License-Identifier: MIT */
/*
 * Finds a libpython that the program loads with dlopen.
 *
 * Why dlsym and not dlopen: glibc takes RUNPATH, $ORIGIN and the namespace from the return
 * address of dlopen, so that it must be reached by a jump, and then nothing can be done
 * after it. But what dlopen loaded is entered through dlsym. To look before the real dlsym
 * is soon enough, keeps its caller's address (RTLD_NEXT), and leaves dlerror() alone: the
 * call of dlsym that follows discards a pending error anyway. The jump is a few lines of
 * assembler for each machine; others do without it, as does a build with PT_LATE_NO_JUMP.
 */
#include "config.h"

#include "start/late.h"

#include "base/util.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <link.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#if defined(PT_LATE_NO_JUMP) || (!defined(__x86_64__) && !defined(__aarch64__))
#define CAN_WATCH 0
#else
#define CAN_WATCH 1
#endif

struct search {
	int skip;
	char *path;
};

/* Only a name that begins so is opened: other programs' objects are never touched. */
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

void *pt_late_open_libpython(int index)
{
	char path[PATH_MAX];

	for (int i = 0;; i++) {
		struct search search = { .skip = i, .path = path };
		void *handle;

		if (!dl_iterate_phdr(find_name, &search))
			return NULL;
		handle = dlopen(path, RTLD_LAZY | RTLD_NOLOAD);
		if (handle && dlsym(handle, "PyImport_Inittab") && index-- == 0)
			return handle;
		if (handle)
			dlclose(handle);
	}
}

bool pt_late_can_watch(void)
{
	return CAN_WATCH;
}

#if !CAN_WATCH
void pt_late_watch(void (*look)(void))
{
	(void)look;
}
#else

/* What to call when objects came; NULL: leave dlsym alone. */
static void (*_Atomic on_new_objects)(void);

/* How many objects had been loaded at the last look; 0: the first dlsym looks. */
static _Atomic unsigned long long seen_adds;

/* A look is under way. Whoever else comes does not wait: a child of fork could hang. */
static atomic_flag is_looking = ATOMIC_FLAG_INIT;

/* The definition of dlsym behind this library. */
static void *_Atomic real_dlsym;

/* What may be called before a sanitizer, which looks things up itself, is ready. */
#define UNSANITIZED __attribute__((no_sanitize("address", "thread", "undefined")))

static int read_adds(struct dl_phdr_info *info, size_t size, void *adds)
{
	(void)size;
	*(unsigned long long *)adds = info->dlpi_adds;
	return 1;
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
#else /* __aarch64__ */
__asm__(".text\n"
	".globl dlsym\n"
	".type dlsym, %function\n"
	"dlsym:\n"
	".cfi_startproc\n"
	"	hint #34\n" /* bti c, known to every assembler */
	"	stp x29, x30, [sp, #-32]!\n"
	"	.cfi_def_cfa_offset 32\n"
	"	.cfi_offset x29, -32\n"
	"	.cfi_offset x30, -24\n"
	"	stp x0, x1, [sp, #16]\n"
	"	bl pt_late_enter_dlsym\n"
	"	mov x16, x0\n"
	"	ldp x0, x1, [sp, #16]\n"
	"	ldp x29, x30, [sp], #32\n"
	"	.cfi_restore x29\n"
	"	.cfi_restore x30\n"
	"	.cfi_def_cfa_offset 0\n"
	"	br x16\n"
	".cfi_endproc\n"
	".size dlsym, . - dlsym\n");
#endif
#endif /* CAN_WATCH */
