/* SPDX-License-Identifier: MIT */
/*
 * Open addressing with linear probing. Interpreters with their own GIL, and threads
 * without one, look things up at the same time. Adding fills an empty slot, the key last.
 * Removing moves others: the version is odd meanwhile, and a reader who finds that it has
 * changed looks again under the lock.
 */
#include "config.h"

#include "code/code_table.h"

#include "base/lock.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#define FIRST_CAPACITY 512

struct slot {
	_Atomic(PyObject *) key; /* NULL: empty */
	_Atomic(struct pt_code *) record;
	PyInterpreterState *interpreter; /* guarded by the lock */
};

/* At most half full. */
struct table {
	struct table *previous; /* kept: another thread may still be reading it */
	size_t capacity;	/* a power of two */
	struct slot slots[];
};

/* The table in use. */
static _Atomic(struct table *) current;

/* Odd while slots move, and different afterwards. */
static atomic_uint version;

/* Number of slots in use; guarded by the lock. */
static size_t used;

static size_t home_of(const struct table *table, PyObject *key)
{
	uintptr_t hash = (uintptr_t)key >> 4;

	return (size_t)(hash * 0x9E3779B97F4A7C15ULL >> 20) & (table->capacity - 1);
}

static inline PyObject *key_of(const struct slot *slot)
{
	return atomic_load_explicit(&slot->key, memory_order_acquire);
}

/* Returns the slot of KEY, or the empty slot where it belongs. */
static struct slot *find_slot(struct table *table, PyObject *key)
{
	size_t i = home_of(table, key);

	for (;; i = (i + 1) & (table->capacity - 1)) {
		PyObject *found = key_of(&table->slots[i]);
		if (found == key || !found)
			return &table->slots[i];
	}
}

static struct pt_code *look_up(PyObject *object)
{
	struct table *table = atomic_load_explicit(&current, memory_order_acquire);
	struct slot *slot = table ? find_slot(table, object) : NULL;

	return slot && key_of(slot) == object ?
		       atomic_load_explicit(&slot->record, memory_order_acquire) :
		       NULL;
}

struct pt_code *pt_code_table_find(PyObject *object)
{
	unsigned int before = atomic_load_explicit(&version, memory_order_acquire);
	struct pt_code *record = NULL;

	if (!(before & 1)) {
		record = look_up(object);
		if (atomic_load_explicit(&version, memory_order_relaxed) == before)
			return record;
	}
	pt_lock();
	record = look_up(object);
	pt_unlock();
	return record;
}

static void put(struct slot *slot, PyObject *key, PyInterpreterState *interpreter,
		struct pt_code *record)
{
	slot->interpreter = interpreter;
	atomic_store_explicit(&slot->record, record, memory_order_release);
	atomic_store_explicit(&slot->key, key, memory_order_release);
}

static void copy(struct slot *to, const struct slot *from)
{
	put(to, atomic_load(&from->key), from->interpreter, atomic_load(&from->record));
}

/* Returns a table with a free slot to spare, under the lock, or NULL. */
static struct table *roomy_table(void)
{
	struct table *table = atomic_load(&current);

	if (table && used * 2 < table->capacity)
		return table;
	size_t capacity = table ? table->capacity * 2 : FIRST_CAPACITY;
	struct table *larger =
		calloc(1, sizeof(*larger) + capacity * sizeof(larger->slots[0]));
	if (!larger)
		return NULL;
	larger->previous = table;
	larger->capacity = capacity;
	for (size_t i = 0; table && i < table->capacity; i++) {
		PyObject *key = atomic_load(&table->slots[i].key);
		if (key)
			copy(find_slot(larger, key), &table->slots[i]);
	}
	atomic_store_explicit(&current, larger, memory_order_release);
	return larger;
}

bool pt_code_table_insert(PyObject *object, PyInterpreterState *interpreter,
			  struct pt_code *record)
{
	bool is_new = false;

	pt_lock();
	struct table *table = roomy_table();
	struct slot *slot = table ? find_slot(table, object) : NULL;
	if (slot && !atomic_load(&slot->key)) {
		put(slot, object, interpreter, record);
		used++;
		is_new = true;
	}
	pt_unlock();
	return is_new;
}

/* Empties a slot, under the lock, and moves up what could not be found any more. */
static void empty_slot(struct table *table, size_t hole)
{
	size_t mask = table->capacity - 1;

	atomic_fetch_add_explicit(&version, 1, memory_order_relaxed);
	for (size_t i = (hole + 1) & mask;; i = (i + 1) & mask) {
		PyObject *key = atomic_load(&table->slots[i].key);
		if (!key)
			break;
		/* It may move unless its home lies between the hole and itself. */
		if (((i - home_of(table, key)) & mask) < ((i - hole) & mask))
			continue;
		copy(&table->slots[hole], &table->slots[i]);
		hole = i;
	}
	put(&table->slots[hole], NULL, NULL, NULL);
	used--;
	atomic_fetch_add_explicit(&version, 1, memory_order_release);
}

struct pt_code *pt_code_table_remove(PyObject *object)
{
	struct pt_code *record = NULL;

	pt_lock();
	struct table *table = atomic_load(&current);
	struct slot *slot = table ? find_slot(table, object) : NULL;
	if (slot && atomic_load(&slot->key)) {
		record = atomic_load(&slot->record);
		empty_slot(table, (size_t)(slot - table->slots));
	}
	pt_unlock();
	return record;
}

void pt_code_table_remove_all(PyInterpreterState *interpreter,
			      void (*drop)(const void *object, struct pt_code *record))
{
	pt_lock();
	struct table *table = atomic_load(&current);
	for (size_t i = 0; table && i < table->capacity;) {
		struct slot *slot = &table->slots[i];
		PyObject *key = atomic_load(&slot->key);
		if (!key || slot->interpreter != interpreter) {
			i++;
			continue;
		}
		drop(key, atomic_load(&slot->record));
		empty_slot(table, i); /* another one may be in its place now */
	}
	pt_unlock();
}
