/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "code/code.h"

#include "base/lock.h"
#include "base/log.h"
#include "base/util.h"
#include "code/code_store.h"
#include "code/file.h"
#include "code/linecache.h"
#include "code/program_text.h"
#include "code/rule_report.h"
#include "code/rules.h"
#include "python/value.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define BOOTSTRAP "<frozen importlib._bootstrap>"

/* See code.h. Only their addresses matter. */
struct pt_code pt_code_excluded;
struct pt_code pt_code_deferred;

/* See code.h. */
void (*pt_code_on_free)(const void *object, const struct pt_code *code);

/* What decides about code, see pt_code_start(). */
static struct pt_code_policy policy;

void pt_code_start(const struct pt_code_policy *code_policy)
{
	policy = *code_policy;
}

static void free_record(struct pt_code *code)
{
	pt_code_free_sites(code);
	free(code->info.name);
	free(code->info.qualname);
	free(code->info.import_name);
	free(code->info.module);
	free(code->bytecode);
	pt_file_release(code->info.file);
	free(code);
}

static void on_code_death(const void *object, struct pt_code *code)
{
	bool is_shared = code == &pt_code_excluded;

	if (pt_code_on_free && (object || !is_shared))
		pt_code_on_free(object ? object : code->object, code);
	if (!is_shared)
		free_record(code);
}

int pt_code_start_interpreter(void)
{
	return pt_code_store_start(on_code_death);
}

struct pt_code *pt_code_find(PyObject *object)
{
	return pt_code_store_find(object);
}

/*
 * Before 3.11 a code object does not know its qualified name: it comes from its parent.
 */
static char *child_qualname(const struct pt_code *parent, const char *name)
{
	if (!parent || strcmp(parent->info.name, "<module>") == 0)
		return strdup(name);
	const char *infix = parent->info.flags & PT_CODE_OPTIMIZED ? ".<locals>." : ".";
	return pt_format("%s%s%s", parent->info.qualname, infix, name);
}

/* Returns false without memory: then yields would be taken for returns. */
static bool copy_bytecode(struct pt_code *code)
{
	PyObject *bytes = pt_python_attr(code->object, "co_code");
	char *data = NULL;
	Py_ssize_t size = 0;

	if (bytes && pt_py.PyBytes_AsStringAndSize(bytes, &data, &size) == 0) {
		code->bytecode = malloc((size_t)size);
		if (code->bytecode) {
			memcpy(code->bytecode, data, (size_t)size);
			code->bytecode_size = (size_t)size;
		}
	} else {
		pt_py.PyErr_Clear();
	}
	pt_python_drop(bytes);
	return code->bytecode;
}

/*
 * Most code that runs when Python starts is the import system's. Its name, which is cheap
 * to get, shows that it has no role. Without memory it may have any.
 */
static bool may_have_role(const struct pt_code *code)
{
	if (!policy.wants_imports || strcmp(code->info.file->name, BOOTSTRAP) != 0)
		return false;
	char *name = pt_python_attr_text(code->object, "co_name");
	bool is_known = !name || strcmp(name, "_load_unlocked") == 0 ||
			strcmp(name, "__exit__") == 0;
	free(name);
	return is_known;
}

/* Before 3.11 every __exit__ of the module passes; the event shows which one it is. */
static enum pt_code_role find_role(const struct pt_code *code)
{
	if (!may_have_role(code))
		return PT_ROLE_NONE;
	if (strcmp(code->info.name, "_load_unlocked") == 0)
		return PT_ROLE_LOAD;
	if (!pt_py.has_qualname)
		return strcmp(code->info.name, "__exit__") == 0 ? PT_ROLE_UNLOCK :
							     PT_ROLE_NONE;
	/* The second one is for submodules in 3.15. */
	bool is_unlock = strcmp(code->info.qualname, "_ModuleLockManager.__exit__") == 0 ||
			 strcmp(code->info.qualname, "_HierarchicalLockManager.__exit__") == 0;
	return is_unlock ? PT_ROLE_UNLOCK : PT_ROLE_NONE;
}

/*
 * Makes a record of which only the file is known, or returns NULL. Code inside PARENT,
 * which may be NULL, shares PARENT's source of text.
 */
static struct pt_code *new_record(PyObject *object, const struct pt_code *parent)
{
	struct pt_code *code = calloc(1, sizeof(*code));
	char *file = pt_python_attr_text(object, "co_filename");

	if (!code || !file) {
		free(code);
		free(file);
		return NULL;
	}
	code->object = object;
	bool has_file_of_parent = parent && strcmp(file, parent->info.file->name) == 0;
	code->info.file = has_file_of_parent ? pt_file_share(parent->info.file) : pt_file_get(file);
	free(file);
	if (!code->info.file) {
		free_record(code);
		return NULL;
	}
	return code;
}

/* Fills in the rest, which code in an untraced file does not need. */
static bool describe(struct pt_code *code, const struct pt_code *parent)
{
	PyObject *object = code->object; /* borrowed */

	code->info.name = pt_python_attr_text(object, "co_name");
	if (pt_py.has_qualname)
		code->info.qualname = pt_python_attr_text(object, "co_qualname");
	else if (code->info.name)
		code->info.qualname = child_qualname(parent, code->info.name);
	if (!code->info.name || !code->info.qualname)
		return false;
	code->info.first_line = (int)pt_python_attr_long(object, "co_firstlineno", 1);
	code->info.flags = (unsigned int)pt_python_attr_long(object, "co_flags", 0);
	code->info.base_indent = strcmp(code->info.name, "<module>") == 0 ? 0 : -1;
	code->is_machinery = strncmp(code->info.file->name, "<frozen importlib", 17) == 0;
	code->role = find_role(code);
	return true;
}

/* Returns whether code of that file really comes from no file. */
static bool is_generated(const struct pt_file *file)
{
	return pt_file_is_synthetic(file->name) && !(file->origin & PT_ORIGIN_FROZEN);
}

/* The origin of the file of the nearest caller that comes from one. */
static unsigned int origin_of_caller(void)
{
	PyFrameObject *frame = pt_python_step_out(pt_python_frame()); /* owned */
	unsigned int origin = 0;

	while (frame && origin == 0) {
		PyObject *object = pt_python_frame_code(frame);
		struct pt_code *code = object ? pt_code_find(object) : NULL;
		char *name = object ? pt_python_attr_text(object, "co_filename") : NULL;
		struct pt_file *file = name ? pt_file_get(name) : NULL;

		if (code && code->origin)
			origin = code->origin;
		else if (file && !is_generated(file))
			origin = pt_file_origin(file) & ~(unsigned int)PT_ORIGIN_FROZEN;
		pt_file_release(file);
		free(name);
		pt_python_drop(object);
		frame = pt_python_step_out(frame);
	}
	pt_python_drop(frame);
	return origin ? origin : PT_ORIGIN_USER;
}

/*
 * Code that comes from no file belongs to whoever runs it: what dataclasses and
 * namedtuple generate is the standard library's. But what is typed at a prompt is the
 * user's, though the standard library runs it.
 */
static unsigned int synthetic_origin(const struct pt_code *code, const char *module)
{
	if (module && strcmp(module, "__main__") == 0 &&
	    strcmp(code->info.file->name, "<string>") != 0)
		return PT_ORIGIN_USER;
	return origin_of_caller();
}

static char *global_text(PyObject *globals, const char *name)
{
	return pt_python_take_text(globals ? pt_value_item(globals, name) : NULL);
}

/* sys.argv[0], to be freed, or NULL. */
static char *first_argument(void)
{
	PyObject *argv = pt_py.PySys_GetObject("argv"); /* borrowed */
	PyObject *item = argv && pt_python_is_exactly(argv, pt_py.list_type) ?
				 pt_py.PyList_GetItem(argv, 0) :
				 NULL; /* borrowed */
	bool is_text = item && pt_python_is_exactly(item, pt_py.str_type);
	char *first = is_text ? pt_python_text(item) : NULL;

	if (!item)
		pt_py.PyErr_Clear();
	return first;
}

/* Under "-m" and "-c", known by sys.argv[0], the project is the start directory. */
static void find_project_by_argv(void)
{
	char *first = first_argument();

	if (first && (strcmp(first, "-m") == 0 || strcmp(first, "-c") == 0))
		pt_file_set_project(pt_file_places()->start);
	free(first);
}

/*
 * Notes the main script when its first code runs. Returns the other name of __main__,
 * which the caller frees: the module's name under "-m", else the script's base name.
 */
static char *find_main(const struct pt_code *code, PyObject *globals)
{
	PyObject *spec = pt_value_item(globals, "__spec__");
	char *name = spec ? pt_value_attr_text(spec, "name") : NULL;
	const char *path = code->info.file->path;

	pt_python_drop(spec);
	if (!path) {
		pt_file_set_project(pt_file_places()->start);
		return name;
	}
	const char *slash = strrchr(path, '/');
	if (name && strcmp(name, "__main__") != 0) {
		pt_file_set_project(pt_file_places()->start);
	} else {
		char *directory =
			strndup(path, slash > path ? (size_t)(slash - path) : 1);
		if (directory)
			pt_file_set_project(directory);
		free(directory);
		free(name);
		name = strndup(slash + 1, strcspn(slash + 1, "."));
	}
	pt_file_set_script(path);
	return name;
}

/* "shop" for "/x/shop.py": what stdlib trace calls the module name. */
static char *module_of_file(const char *file)
{
	const char *base = pt_base_name(file);
	const char *dot = strrchr(base, '.');
	size_t leading = strspn(base, ".");

	return strndup(base, dot && dot >= base + leading ? (size_t)(dot - base) :
							    strlen(base));
}

/*
 * Code that cannot be recorded now is tried again at its next call. What it does
 * meanwhile is not shown.
 */
static struct pt_code *lack_memory(void)
{
	pt_log_uncounted();
	return &pt_code_deferred;
}

static void report_file(struct pt_file *file, const struct pt_verdict *verdict)
{
	if (file->is_reported)
		return;
	file->is_reported = true;
	const char *state = verdict->is_traced ? "traced" : "not traced";
	const char *name = file->path ? file->path : file->name;
	if (!verdict->rule)
		pt_log("rules: %s: %s: no PYTRACE_INCLUDE rule matches", name, state);
	else
		pt_log("rules: %s: %s: PYTRACE_%s '%s'", name, state,
		       verdict->is_include ? "INCLUDE" : "EXCLUDE", verdict->rule);
}

/* What the rules need to know, gathered from the current frame's globals. */
struct context {
	PyObject *globals; /* borrowed */
	char *module;	   /* __name__ */
	char *file;	   /* __file__, once it is needed */
	char *alias;	   /* what __main__ is otherwise called */
	bool is_partial;   /* some of it is missing for lack of memory */
};

static void open_context(struct context *context, const struct pt_code *code)
{
	*context = (struct context){ .globals = pt_py.PyEval_GetGlobals() };
	errno = 0;
	context->module = global_text(context->globals, "__name__");
	context->is_partial = !context->module && errno == ENOMEM;
	if (!context->module || strcmp(context->module, "__main__") != 0)
		return;
	errno = 0;
	context->alias = find_main(code, context->globals);
	context->is_partial = (!context->alias && errno == ENOMEM) ||
			      !pt_file_places()->project ||
			      (code->info.file->path && !pt_file_places()->script);
}

static void close_context(struct context *context)
{
	free(context->module);
	free(context->file);
	free(context->alias);
}

/* What is known of code before its name is known. */
static struct pt_rule_target target_of(const struct pt_code *code,
				       const struct context *context)
{
	return (struct pt_rule_target){
		.path = code->info.file->path,
		.real = code->info.file->real,
		.module = context->module,
		.alias = context->alias,
		.origin = code->origin ? code->origin : pt_file_origin(code->info.file),
	};
}

/* Asks the rules whether at least some code of the file may be traced. */
static bool is_file_wanted(struct pt_code *code, const struct context *context)
{
	struct pt_rule_target target = target_of(code, context);
	struct pt_verdict verdict = pt_rules_decide(policy.rules, &target);

	if (policy.wants_report)
		report_file(code->info.file, &verdict);
	if (!code->info.file->is_seen && pt_rule_report_wants_files()) {
		code->info.file->is_seen = true;
		pt_rule_report_see_file(code->info.file->path, context->module);
	}
	return verdict.is_traced;
}

/*
 * Applies the rules to code of a wanted file. Whether it is traced also depends on the
 * format. Returns what the rules say.
 */
static bool decide(struct pt_code *code, struct context *context)
{
	struct pt_rule_target target = target_of(code, context);

	target.function = code->info.qualname;
	if (!pt_rules_decide(policy.rules, &target).is_traced)
		return false;
	if (!context->file)
		context->file = global_text(context->globals, "__file__");
	code->is_traced = (context->file || !policy.needs_file) &&
			  (!code->is_machinery || policy.wants_machinery);
	if (code->is_traced && context->module)
		code->info.import_name = strdup(context->module);
	if (code->is_traced && context->file)
		code->info.module = module_of_file(context->file);
	if (code->is_traced && !pt_py.has_monitoring && (code->info.flags & PT_CODE_RESUMABLE))
		context->is_partial |= !copy_bytecode(code);
	return true;
}

/*
 * Attaches a decided record. Returns the record in use: it may be another thread's, or
 * the excluded one.
 */
static struct pt_code *keep(struct pt_code *code)
{
	PyObject *object = code->object;
	bool is_kept = code->is_traced || code->role != PT_ROLE_NONE;

	if (is_kept && pt_code_store_add(object, code))
		return code;
	free_record(code);
	if (!is_kept && pt_code_store_add(object, &pt_code_excluded))
		return &pt_code_excluded;
	struct pt_code *other = pt_code_find(object);
	if (!other && is_kept)
		return lack_memory();
	return other ? other : &pt_code_excluded;
}

/* Makes and decides the records of the code objects inside PARENT, using its globals. */
static void adopt_children(const struct pt_code *parent, struct context *context)
{
	PyObject *constants = pt_python_attr(parent->object, "co_consts");
	Py_ssize_t count = constants ? pt_py.PyTuple_Size(constants) : -1;

	for (Py_ssize_t i = 0; i < count; i++) {
		PyObject *object = pt_py.PyTuple_GetItem(constants, i); /* borrowed */
		if (!object || !pt_python_is_exactly(object, pt_py.code_type) ||
		    pt_code_find(object))
			continue;
		errno = 0;
		struct pt_code *child = new_record(object, parent);
		if (child)
			child->origin = parent->origin;
		if (!child || !describe(child, parent)) {
			if (child)
				free_record(child);
			if (errno == ENOMEM)
				pt_log_uncounted();
			continue;
		}
		struct context own = *context;
		own.is_partial = false;
		if (is_file_wanted(child, &own))
			decide(child, &own);
		context->file = own.file;
		adopt_children(child, context);
		if (!own.is_partial) {
			keep(child);
			continue;
		}
		/* It gets its own turn later; the parent lacks nothing. */
		free_record(child);
		lack_memory();
	}
	if (count < 0)
		pt_py.PyErr_Clear();
	pt_python_drop(constants);
}

/* Returns the text of code that comes from no file, which the caller frees, or NULL. */
static struct pt_source *find_generated_text(const struct pt_code *code,
					     const char *module)
{
	const char *name = code->info.file->name;
	struct pt_source *source = NULL;

	if (module && strcmp(module, "__main__") == 0) {
		char *first = first_argument();
		source = first ? pt_program_text_take(name, first) : NULL;
		free(first);
	}
	return source ? source : pt_linecache_find(name, code->info.first_line);
}

/* The code of a module is as new as its text, or newer: here the text may be another. */
static void find_text(struct pt_code *code, const char *module)
{
	if (strcmp(code->info.name, "<module>") != 0)
		return;
	if (!is_generated(code->info.file)) {
		code->info.file = pt_file_renew(code->info.file);
		return;
	}
	struct pt_source *source = find_generated_text(code, module);
	if (source)
		code->info.file = pt_file_with_source(code->info.file, source);
}

/* A rule that has matched nothing may mean one of the user's functions. */
static void see_function(const struct pt_code *code)
{
	char *name = NULL;

	if (pt_file_origin(code->info.file) & PT_ORIGIN_USER)
		name = pt_python_attr_text(code->object, "co_name");
	if (name)
		pt_rule_report_see_function(name);
	free(name);
}

/*
 * Decides about code seen for the first time. Two kinds of code need their parent for
 * that, and get their records with it: code that comes from no file (whose it is) and,
 * before 3.11, functions (their qualified names).
 */
static struct pt_code *settle(struct pt_code *code)
{
	struct context context;

	open_context(&context, code);
	if (is_generated(code->info.file))
		code->origin = synthetic_origin(code, context.module);
	else if (code->info.file->origin & PT_ORIGIN_USER && !pt_file_places()->project)
		find_project_by_argv();
	bool is_wanted = is_file_wanted(code, &context);
	bool is_deferred = false;
	bool needs_names = is_wanted || code->origin || may_have_role(code);
	if (!is_wanted && pt_rule_report_wants_functions())
		see_function(code);
	errno = 0;
	if (needs_names && !describe(code, NULL)) {
		context.is_partial |= errno == ENOMEM;
	} else if (needs_names) {
		if (is_wanted)
			find_text(code, context.module);
		bool is_code_wanted = is_wanted && decide(code, &context);
		if (strcmp(code->info.name, "<module>") == 0 &&
		    (code->origin || (is_wanted && !pt_py.has_qualname)))
			adopt_children(code, &context);
		is_deferred = is_code_wanted && policy.needs_file && !context.file;
	}
	close_context(&context);
	if (!is_deferred && !context.is_partial)
		return keep(code);
	free_record(code);
	return context.is_partial ? lack_memory() : &pt_code_deferred;
}

struct pt_code *pt_code_get(PyObject *object)
{
	struct pt_code *code = pt_code_find(object);
	int saved = errno;

	if (code)
		return code;
	errno = 0;
	/* C extensions may fire events for objects of their own (3.13+). */
	if (pt_python_is_exactly(object, pt_py.code_type))
		code = new_record(object, NULL);
	if (code)
		code = settle(code);
	else if (errno == ENOMEM)
		code = lack_memory();
	errno = saved;
	return code ? code : &pt_code_excluded;
}

bool pt_code_wants_module(const char *module, const char *origin)
{
	struct pt_rule_target target = { .module = module, .origin = PT_ORIGIN_SITE };
	struct pt_file *file = NULL;

	if (origin && *origin == '/') {
		file = pt_file_get(origin);
		if (!file) {
			pt_log_uncounted();
			return false;
		}
		target.path = file->path;
		target.real = file->real;
		target.origin = pt_file_origin(file);
	} else if (origin && strcmp(origin, "frozen") == 0) {
		target.origin = PT_ORIGIN_FROZEN | PT_ORIGIN_STDLIB;
	} else if (origin) {
		target.origin = PT_ORIGIN_STDLIB;
	}
	bool is_wanted = pt_rules_wants_module(policy.rules, &target);
	pt_file_release(file);
	return is_wanted;
}
