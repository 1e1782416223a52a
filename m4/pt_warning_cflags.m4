# SPDX-License-Identifier: MIT

# PT_WARNING_CFLAGS(FLAGS)
# Sets WARNING_CFLAGS to those of FLAGS that the compiler accepts.
AC_DEFUN([PT_WARNING_CFLAGS], [
  WARNING_CFLAGS=
  saved_CFLAGS=$CFLAGS
  for flag in $1; do
    AC_MSG_CHECKING([whether $CC accepts $flag])
    CFLAGS="$saved_CFLAGS -Werror $flag"
    AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])],
      [AC_MSG_RESULT([yes]); WARNING_CFLAGS="$WARNING_CFLAGS $flag"],
      [AC_MSG_RESULT([no])])
  done
  CFLAGS=$saved_CFLAGS
  AC_SUBST([WARNING_CFLAGS])
])
