/* SPDX-License-Identifier: MIT */
/* The interpreter as a table of functions, its version, and what it can do. */
#ifndef PT_PYTHON_H
#define PT_PYTHON_H

#include <Python.h>
#include <stdbool.h>

#include "base/util.h"

/*
 * The library runs in interpreters that were built with other headers than these. So it
 * calls functions only through the table below, never by name, and uses nothing that
 * compiles in the layout of an object: such macros are poisoned here, so that a slip is
 * an error.
 */
/* A macro for another function in newer headers, but a function in every version. */
#undef PyCFunction_NewEx

#undef Py_INCREF
#undef Py_DECREF
#undef Py_XINCREF
#undef Py_XDECREF
#undef Py_CLEAR
#undef Py_NewRef
#undef Py_XNewRef
#undef Py_TYPE
#undef Py_SIZE
#undef Py_REFCNT
#undef Py_IS_TYPE
#undef Py_SETREF
#undef Py_XSETREF
#undef PyTuple_GET_ITEM
#undef PyTuple_SET_ITEM
#undef PyTuple_GET_SIZE
#undef PyList_GET_ITEM
#undef PyUnicode_DATA
#undef PyUnicode_GET_LENGTH
#undef PyUnicode_READY
#undef PyBytes_AS_STRING
#undef PyLong_Check
#undef PyUnicode_Check
#undef PyTuple_Check
#undef PyBytes_Check
#undef PyCode_Check
#undef Py_RETURN_NONE
#pragma GCC poison Py_INCREF Py_DECREF Py_XINCREF Py_XDECREF Py_CLEAR Py_NewRef \
	Py_XNewRef Py_TYPE
#pragma GCC poison Py_SIZE Py_REFCNT Py_IS_TYPE Py_SETREF Py_XSETREF PyTuple_GET_ITEM
#pragma GCC poison PyTuple_SET_ITEM PyTuple_GET_SIZE PyList_GET_ITEM PyUnicode_DATA
#pragma GCC poison PyUnicode_GET_LENGTH PyUnicode_READY PyBytes_AS_STRING PyLong_Check
#pragma GCC poison PyUnicode_Check PyTuple_Check PyBytes_Check PyCode_Check Py_RETURN_NONE

/* Functions that every supported version has, with their types from the headers. */
#define PT_PYTHON_FUNCTIONS(X)           \
	X(PyCapsule_GetPointer)          \
	X(PyCapsule_New)                 \
	X(PyCFunction_GetFlags)          \
	X(PyCFunction_GetFunction)       \
	X(PyCFunction_NewEx)             \
	X(PyCallable_Check)              \
	X(PyCode_Addr2Line)              \
	X(PyDict_GetItemWithError)      \
	X(PyDict_Next)                  \
	X(PyDict_SetItem)               \
	X(PyErr_Clear)                   \
	X(PyErr_ExceptionMatches)        \
	X(PyErr_Fetch)                   \
	X(PyErr_Restore)                 \
	X(PyEval_GetFrame)               \
	X(PyEval_GetGlobals)             \
	X(PyEval_GetLocals)              \
	X(PyEval_RestoreThread)          \
	X(PyEval_SaveThread)             \
	X(PyEval_SetTrace)               \
	X(PyExceptionClass_Name)         \
	X(PyFrame_GetLineNumber)         \
	X(PyInterpreterState_GetDict)    \
	X(PyInterpreterState_Head)       \
	X(PyInterpreterState_Main)       \
	X(PyInterpreterState_Next)       \
	X(PyInterpreterState_ThreadHead) \
	X(PyLong_AsLong)                 \
	X(PyLong_AsLongLongAndOverflow)  \
	X(PyLong_FromLong)               \
	X(PyList_GetItem)                \
	X(PyModule_GetDict)              \
	X(PyObject_Call)                 \
	X(PyObject_CallFunctionObjArgs)  \
	X(PyObject_GenericGetAttr)       \
	X(PyObject_GenericGetDict)       \
	X(PyObject_GetAttr)              \
	X(PyObject_GetItem)              \
	X(PyObject_SetAttr)              \
	X(PyObject_Str)                  \
	X(PyObject_Type)                 \
	X(PyBool_FromLong)               \
	X(PyBytes_AsStringAndSize)       \
	X(PySequence_GetItem)            \
	X(PySys_GetObject)               \
	X(PyThreadState_Clear)           \
	X(PyThreadState_Delete)          \
	X(PyThreadState_Get)             \
	X(PyThreadState_New)             \
	X(PyThreadState_Swap)            \
	X(PyThread_get_thread_ident)     \
	X(PyTuple_GetItem)               \
	X(PyTuple_New)                   \
	X(PyTuple_SetItem)               \
	X(PyTuple_Size)                  \
	X(PyType_IsSubtype)              \
	X(PyUnicode_AsEncodedString)     \
	X(PyUnicode_AsUTF8AndSize)       \
	X(PyUnicode_CompareWithASCIIString)  \
	X(PyUnicode_EncodeFSDefault)     \
	X(PyUnicode_FromString)         \
	X(PyUnicode_GetLength)          \
	X(PyUnicode_InternFromString)   \
	X(PyUnicode_Substring)          \
	X(Py_AddPendingCall)             \
	X(Py_AtExit)                     \
	X(Py_BuildValue)                 \
	X(Py_DecRef)                     \
	X(Py_GetVersion)                 \
	X(Py_IncRef)                     \
	X(Py_VaBuildValue)

/* Functions whose names differ: result, member, parameters, names to try, required. */
#define PT_PYTHON_VARIANTS(X)                                                           \
	X(Py_ssize_t, code_extra_index, (void (*)(void *)),                             \
	  "PyUnstable_Eval_RequestCodeExtraIndex", "_PyEval_RequestCodeExtraIndex",     \
	  true)                                                                         \
	X(int, code_get_extra, (PyObject *, Py_ssize_t, void **),                       \
	  "PyUnstable_Code_GetExtra", "_PyCode_GetExtra", true)                         \
	X(int, code_set_extra, (PyObject *, Py_ssize_t, void *),                        \
	  "PyUnstable_Code_SetExtra", "_PyCode_SetExtra", true)                         \
	X(int, code_add_watcher, (int (*)(int, PyObject *)), "PyCode_AddWatcher", NULL, \
	  false)                                                                        \
	X(PyInterpreterState *, interpreter, (void), "PyInterpreterState_Get",          \
	  "_PyInterpreterState_Get", true)                                              \
	X(PyObject *, frame_code, (PyFrameObject *), "PyFrame_GetCode", NULL, false)    \
	X(PyFrameObject *, frame_back, (PyFrameObject *), "PyFrame_GetBack", NULL,      \
	  false)                                                                        \
	X(PyObject *, type_lookup, (PyTypeObject *, PyObject *), "_PyType_Lookup", NULL, \
	  false)                                                                        \
	X(PyObject *, type_lookup_new, (PyTypeObject *, PyObject *),                    \
	  "_PyType_LookupRef", NULL, false)                                             \
	X(int, dict_get_new, (PyObject *, PyObject *, PyObject **),                     \
	  "PyDict_GetItemRef", NULL, false)                                             \
	X(PyObject *, frame_variable, (PyFrameObject *, PyObject *), "PyFrame_GetVar",  \
	  NULL, false)                                                                  \
	X(int, is_printable, (Py_UCS4), "_PyUnicode_IsPrintable", NULL, false)          \
	X(void, write_unraisable, (const char *, PyObject *),                           \
	  "_PyErr_WriteUnraisableMsg", NULL, false)

/* Objects: the member holds the object's address. */
#define PT_PYTHON_OBJECTS(X)                           \
	X(PyObject, none, "_Py_NoneStruct")            \
	X(PyTypeObject, code_type, "PyCode_Type")      \
	X(PyTypeObject, str_type, "PyUnicode_Type")    \
	X(PyTypeObject, bytes_type, "PyBytes_Type")    \
	X(PyTypeObject, int_type, "PyLong_Type")       \
	X(PyTypeObject, float_type, "PyFloat_Type")    \
	X(PyTypeObject, bool_type, "PyBool_Type")      \
	X(PyTypeObject, tuple_type, "PyTuple_Type")    \
	X(PyTypeObject, dict_type, "PyDict_Type")      \
	X(PyTypeObject, list_type, "PyList_Type")      \
	X(PyTypeObject, type_type, "PyType_Type")      \
	X(PyTypeObject, module_type, "PyModule_Type")  \
	X(PyTypeObject, function_type, "PyCFunction_Type") \
	X(PyTypeObject, method_type, "PyMethodDescr_Type") \
	X(PyTypeObject, member_type, "PyMemberDescr_Type") \
	X(PyTypeObject, getset_type, "PyGetSetDescr_Type") \
	X(PyObject *, exc_base, "PyExc_BaseException") \
	X(PyObject *, exc_attribute_error, "PyExc_AttributeError") \
	X(PyObject *, exc_name_error, "PyExc_NameError") \
	X(PyObject *, exc_import_error, "PyExc_ImportError") \
	X(PyObject *, exc_key_error, "PyExc_KeyError") \
	X(PyObject *, exc_os_error, "PyExc_OSError")   \
	X(PyObject *, exc_stop, "PyExc_StopIteration") \
	X(PyObject *, exc_syntax_error, "PyExc_SyntaxError") \
	X(PyObject *, exc_decode_error, "PyExc_UnicodeDecodeError") \
	X(PyObject *, exc_encode_error, "PyExc_UnicodeEncodeError") \
	X(PyObject *, exc_translate_error, "PyExc_UnicodeTranslateError") \
	X(PyObject *, exc_system_exit, "PyExc_SystemExit")

/* Objects that not every version has. */
#define PT_PYTHON_NEW_OBJECTS(X) X(PyObject *, exc_group, "PyExc_BaseExceptionGroup")

/* The interpreter in this process. */
struct pt_python {
#define MEMBER(name) __typeof__(&name) name;
	PT_PYTHON_FUNCTIONS(MEMBER)
#undef MEMBER
#define MEMBER(result, name, parameters, ...) result(*name) parameters;
	PT_PYTHON_VARIANTS(MEMBER)
#undef MEMBER
#define MEMBER(type, name, symbol) type *name;
	PT_PYTHON_OBJECTS(MEMBER)
	PT_PYTHON_NEW_OBJECTS(MEMBER)
#undef MEMBER
	int minor;	       /* of version 3.MINOR */
	bool is_newer;	       /* than any version that the library knows */
	bool is_free_threaded; /* callbacks run at the same time in several threads */
	bool has_monitoring;   /* sys.monitoring (3.12+), else PyEval_SetTrace */
	bool has_qualname;     /* co_qualname (3.11+) */
	bool has_frame_api;    /* PyFrame_GetCode, PyFrame_GetBack (3.9+) */
	bool has_resume; /* the RESUME instruction (3.11) tells calls from resumes */
};

/* Filled by pt_python_bind(); if that returned 0, all required functions are set. */
extern struct pt_python pt_py;

/*
 * Called when an interpreter has been finalized, through the only Py_AtExit slot, of 32,
 * that we take. Set once. GIL: not held.
 */
extern void (*pt_python_on_finalize)(void);

/*
 * Returns the minor version of the CPython 3 that HANDLE (from dlopen, or RTLD_DEFAULT)
 * gives access to, or 0 if there is none. GIL: not needed.
 */
int pt_python_minor(void *handle);

/*
 * Fills pt_py from HANDLE. Returns 0; -ENOTSUP for an unsupported version; -ENOSYS if a
 * function is missing, with its name in *MISSING. GIL: not needed.
 */
int pt_python_bind(void *handle, const char **missing);

/*
 * Returns the text of the str OBJECT as bytes that the caller frees: UTF-8, or the bytes
 * of the file system if a name is not valid UTF-8. NULL on any failure. Leaves no
 * exception. GIL: held.
 */
char *pt_python_text(PyObject *object);

/*
 * Drops VALUE, which may be NULL, and returns its text, see pt_python_text(). NULL if it
 * is not exactly a str. GIL: held.
 */
char *pt_python_take_text(PyObject *value);

/*
 * Returns the str TEXT, a new reference, or NULL without memory. Leaves no exception.
 * TEXT is a literal, known by its address: it becomes a str once, so that repeated
 * look-ups leave no traces in the interpreter's caches. GIL: held.
 */
PyObject *pt_python_name(const char *text);

/*
 * Returns an attribute of OBJECT, which has one of the interpreter's own types (for the
 * program's objects see value.h): a new reference, or NULL if it has none. Leaves no
 * exception. NAME is a literal, here and below. GIL: held.
 */
PyObject *pt_python_attr(PyObject *object, const char *name);

/*
 * Sets an attribute of such an object. Returns whether it could. Leaves no exception.
 * GIL: held.
 */
bool pt_python_set_attr(PyObject *object, const char *name, PyObject *value);

/* The text of an attribute of such an object, see pt_python_text(). GIL: held. */
char *pt_python_attr_text(PyObject *object, const char *name);

/* Returns an int attribute, or FALLBACK on any failure. GIL: held. */
long pt_python_attr_long(PyObject *object, const char *name, long fallback);

/* Returns whether the type of OBJECT is exactly TYPE. GIL: held. */
bool pt_python_is_exactly(PyObject *object, PyTypeObject *type);

/*
 * Looks at the running frames, so that later look-ups raise no audit event in 3.8. Call
 * it before the program can listen. GIL: held.
 */
void pt_python_learn_frames(void);

/* Returns the code object of FRAME, a new reference, or NULL. GIL: held. */
PyObject *pt_python_frame_code(PyFrameObject *frame);

/* The same, borrowed from the frame. GIL: held. */
PyObject *pt_python_borrow_frame_code(PyFrameObject *frame);

/* Returns the caller of FRAME, a new reference, or NULL at the outermost. GIL: held. */
PyFrameObject *pt_python_frame_back(PyFrameObject *frame);

/* Returns the running frame, a new reference, or NULL. GIL: held. */
PyFrameObject *pt_python_frame(void);

/*
 * Drops FRAME, which may be NULL, and returns its caller, a new reference, or NULL: for
 * walks from the running frame outwards. GIL: held.
 */
PyFrameObject *pt_python_step_out(PyFrameObject *frame);

/* Drops a reference; NULL is allowed. GIL: held. */
static inline void pt_python_drop(void *object)
{
	if (object)
		pt_py.Py_DecRef(object);
}

#endif /* PT_PYTHON_H */
