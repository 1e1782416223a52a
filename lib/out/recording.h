/* SPDX-License-Identifier: MIT */
/*
 * How a recording (.pytrace) is laid out. doc/recording.md says the same in words, for
 * those who write a reader. Numbers are little-endian, as on all machines that this is
 * built for.
 */
#ifndef PT_RECORDING_H
#define PT_RECORDING_H

#include <stdatomic.h>
#include <stdint.h>

/* What a recording's name ends in. */
#define PT_RECORDING_SUFFIX ".pytrace"

/* The first bytes of a file. No text begins with 0x89. */
#define PT_RECORDING_MAGIC "\211pytrace"
#define PT_RECORDING_MAGIC_SIZE 8

/* A reader refuses a newer major version; a newer minor one has records to be skipped. */
#define PT_RECORDING_MAJOR 1
#define PT_RECORDING_MINOR 0

/* Chunks begin at multiples of this, in bytes. */
#define PT_RECORDING_PAGE 4096U

/* ... and in compacted recordings at multiples of this. */
#define PT_RECORDING_COMPACT 64U

/* A process takes so many site numbers at once, for what runs one after the other to have
 * numbers that follow each other. */
#define PT_RECORDING_SITES 256

/* How many deaths by a signal there is room for. */
#define PT_RECORDING_DEATHS 256

/* How many sources of the run can be known to be stored; a power of 2. */
#define PT_RECORDING_SOURCES 4096

/* A child that a signal killed, as the process that reaped it says. */
struct pt_recording_death {
	_Atomic uint32_t pid; /* stored last; 0: none yet */
	uint32_t signal;
};

/*
 * The beginning of the file, which all processes of the run have mapped. What is atomic
 * is taken by addition, and never given back.
 */
struct pt_recording_header {
	char magic[PT_RECORDING_MAGIC_SIZE]; /* stored last */
	uint16_t major;
	uint16_t minor;
	uint32_t header_size; /* of this struct; chunks begin at first_chunk */
	uint64_t first_chunk;
	uint64_t run_pid;  /* the first process of the run, and when it began, in ns */
	uint64_t run_time; /* since 1970: see PYTRACE_RUN */
	uint64_t key;	   /* random; see struct pt_recording_chunk */
	_Atomic uint64_t end;	       /* where the next chunk goes */
	_Atomic uint32_t next_process; /* numbers that are free, from 1 on */
	_Atomic uint32_t next_code;
	_Atomic uint32_t next_file;
	_Atomic uint32_t next_site;
	_Atomic uint64_t lost;	  /* events of processes that have no chunk */
	_Atomic uint32_t deaths;  /* how many of the following are in use, or more */
	uint32_t unit;		  /* chunks begin at multiples of it */
	struct pt_recording_death death[PT_RECORDING_DEATHS];
	/* Hashes of the sources that are stored. 0: free; bit 0: all of it is there. */
	_Atomic uint64_t sources[PT_RECORDING_SOURCES];
};

/* What is in a chunk. */
enum pt_chunk_kind {
	PT_CHUNK_EVENTS = 1,	  /* records of events, of one stream */
	PT_CHUNK_DEFINITIONS = 2, /* records of definitions, of one process */
	PT_CHUNK_PROCESS = 3,	  /* struct pt_recording_process and records behind it */
};

enum pt_chunk_encoding {
	PT_ENCODING_NONE = 0,
	PT_ENCODING_ZSTD = 1, /* one frame */
};

/* A chunk begins with this. What follows, up to its size, is 0 where nothing is yet. */
struct pt_recording_chunk {
	_Atomic uint64_t key; /* the file's, plus the chunk's offset; stored last */
	uint32_t size;	      /* in the file, with this; a multiple of the file's unit */
	uint8_t kind;
	uint8_t encoding;
	uint16_t header_size; /* the records begin behind it */
	uint32_t process;     /* the number of the process */
	uint32_t stream;      /* events: the number of the stream in its process, from 1 */
	uint32_t sequence;    /* events: the place of the chunk in its stream, from 0 */
	uint32_t data_size;   /* of records; packed ones as they are unpacked. 0: see below */
	/* The clock when the chunk was begun: its ticks, and CLOCK_MONOTONIC in ns. */
	uint64_t ticks;
	uint64_t time;
	uint64_t reserved;
};

/* How a process ended. */
enum pt_process_end {
	PT_END_NONE = 0, /* it runs, or was killed without a word */
	PT_END_EXIT = 1,
	PT_END_SIGNAL = 2,
	PT_END_EXEC = 3,
};

/* What is known of a process; records of strings follow. */
struct pt_recording_process {
	uint32_t struct_size;
	uint32_t pid;
	uint32_t parent_pid;
	uint32_t forked_from; /* number of the process that it is a fork of; 0: none */
	uint32_t python;      /* as PY_VERSION_HEX */
	uint32_t flags;	      /* of enum pt_process_flag */
	uint32_t tick_shift;  /* times are in ticks >> tick_shift */
	uint32_t events;      /* set of enum pt_event_kind that is recorded */
	uint32_t chosen;      /* ... and of those that PYTRACE_EVENTS asks for */
	uint32_t reserved;
	uint64_t start_time;  /* of the process, in the kernel's clock ticks */
	uint64_t pid_namespace;
	/* CLOCK_REALTIME, in ns, when CLOCK_MONOTONIC and the ticks were those of the
	 * chunk's header. */
	uint64_t real_time;
	_Atomic uint64_t lost;	     /* events */
	_Atomic uint64_t end_ticks;  /* the clock at the end; 0 */
	_Atomic uint64_t end_time;
	_Atomic uint32_t end_status; /* exit status, or the signal's number */
	_Atomic uint32_t end;	     /* enum pt_process_end; stored last */
	char end_program[256];	     /* of exec: its path, cut, with a NUL behind it */
};

enum pt_process_flag {
	PT_PROCESS_FIRST = 1 << 0,	   /* the first Python of the run */
	PT_PROCESS_HAS_TIME = 1 << 1,	   /* times are recorded */
	PT_PROCESS_FREE_THREADED = 1 << 2, /* no GIL */
	PT_PROCESS_TASK = 1 << 3,	   /* PYTRACE_TASK: traces are to show tasks */
};

/*
 * A record of definitions or of a process: its kind in one byte, the size of the rest as a
 * varint, the rest. The kind is stored last; 0 ends the chunk. A string is its size as a
 * varint and its bytes, UTF-8 as far as the program's was.
 */
enum pt_definition {
	/* Of a process. */
	PT_DEF_ARGUMENT = 1,	/* string: the next one of the command line */
	PT_DEF_DIRECTORY = 2,	/* string: the current directory */
	PT_DEF_EXECUTABLE = 3,	/* string: /proc/self/exe */
	PT_DEF_VERSION = 4,	/* string: sys.version */
	PT_DEF_SETTING = 5,	/* string: NAME=VALUE */
	PT_DEF_LIBRARY = 6,	/* string: version of libpytrace */
	/* Of what runs. */
	PT_DEF_FILE = 16,   /* varints: number, flags, size of the text; 8 bytes: its hash, or
			     * 0; strings: co_filename, path, the path as it is shown */
	PT_DEF_SOURCE = 17, /* 8 bytes: hash; the text, UTF-8, lines ending in "\n" */
	PT_DEF_CODE = 18,   /* varints: number, file, first line, co_flags; strings: co_name,
			     * co_qualname, __name__, base name of __file__ without its ending,
			     * co_code, line table, exception table */
	PT_DEF_SITE = 19,   /* varints: number, code, enum pt_mark, line */
	PT_DEF_OUTLINE = 20, /* code inside of other code, which may never run: varints: code
			      * around it, first line, co_flags; strings: co_name,
			      * co_qualname, line table */
};

/* Flags of a file, above those of enum pt_origin. */
#define PT_FILE_ZIPPED 0x100U

/* Text is known by its FNV-1a hash of 64 bits, with bit 0 set. */
#define PT_HASH_BASIS 0xcbf29ce484222325U
#define PT_HASH_PRIME 0x100000001b3U

/*
 * A record of events begins with a byte:
 *
 *   0            nothing: the chunk ends here, as yet
 *   1 to 192     a site: its number is the last one's plus unzigzag(byte - 1)
 *   193 to 224   the same: unzigzag(192 + (byte - 193) * 256 + the next byte)
 *   225          the same, of the number in the four bytes that follow
 *   226 to 255   enum pt_event_record; the size of the rest as a varint; the rest
 *
 * A site whose kind is not PT_MARK_LINE is followed by a varint, where times are
 * recorded: the time since the last such in the stream. A state begins each chunk, and the
 * last site is 0 there.
 */
#define PT_SITE_SHORT 192U
#define PT_SITE_MIDDLE (PT_SITE_SHORT + 32U * 256U)
#define PT_BYTE_SHORT 1U
#define PT_BYTE_MIDDLE 193U
#define PT_BYTE_LONG 225U

enum pt_event_record {
	PT_RECORD_STATE = 226, /* varints: thread, tid, depth; then code and line of each
				* open frame, from the outermost */
	PT_RECORD_THREAD = 227, /* varint: events of this thread follow */
	PT_RECORD_NAME = 228,	/* string: the thread's name */
	PT_RECORD_TASK = 229,	/* string: the thread's task; none: it is in no task */
	PT_RECORD_TIME = 230,	/* 8 bytes ticks, 8 bytes CLOCK_MONOTONIC in ns */
	PT_RECORD_EXCEPTION = 231, /* varint: line; strings: type, message */
	PT_RECORD_IMPORT = 232,	/* varints: flags, time, file, line; strings: module,
				 * detail */
	PT_RECORD_NOTE = 233,	/* string: about the trace itself */
	PT_RECORD_LOST = 234,	/* varint: so many events are missing here */
};

/* Flags of an import. */
#define PT_IMPORT_FAILED 1U
#define PT_IMPORT_HAS_DETAIL 2U

#endif /* PT_RECORDING_H */
