/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "code_table.h"

#include "lock.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

/* One slot; the record is set before the key is, and readers look at the key first. */
struct slot {
	_Atomic(PyObject *) key;
	_Atomic(struct pt_code *) record;
};

/* Open addressing; at most half full. */
struct table {
	size_t capacity; /* a power of two */
	struct slot slots[];
};

/* The table in use. Older, smaller ones are leaked: a reader may be in them. */
static _Atomic(struct table *) current;

/* Number of slots in use; guarded by the lock. */
static size_t used;

static size_t first_slot(const struct table *table, PyObject *key)
{
	uintptr_t hash = (uintptr_t)key >> 4;

	return (size_t)(hash * 0x9E3779B97F4A7C15ULL >> 20) & (table->capacity - 1);
}

/* Returns the slot of KEY, or the empty one where it belongs. */
static struct slot *find_slot(struct table *table, PyObject *key)
{
	for (size_t i = first_slot(table, key);; i = (i + 1) & (table->capacity - 1)) {
		PyObject *found =
			atomic_load_explicit(&table->slots[i].key, memory_order_acquire);
		if (found == key || !found)
			return &table->slots[i];
	}
}

struct pt_code *pt_code_table_find(PyObject *object)
{
	struct table *table = atomic_load_explicit(&current, memory_order_acquire);

	for (size_t i = table ? first_slot(table, object) : 0; table;
	     i = (i + 1) & (table->capacity - 1)) {
		PyObject *key =
			atomic_load_explicit(&table->slots[i].key, memory_order_acquire);
		if (key == object)
			return atomic_load_explicit(&table->slots[i].record,
						    memory_order_relaxed);
		if (!key)
			break;
	}
	return NULL;
}

static void put(struct table *table, PyObject *key, struct pt_code *record)
{
	struct slot *slot = find_slot(table, key);

	atomic_store_explicit(&slot->record, record, memory_order_relaxed);
	atomic_store_explicit(&slot->key, key, memory_order_release);
}

/* Returns a table with a free slot to spare, under the lock, or NULL. */
static struct table *roomy_table(void)
{
	struct table *table = atomic_load(&current);

	if (table && used * 2 < table->capacity)
		return table;
	size_t capacity = table ? table->capacity * 2 : 4096;
	struct table *larger =
		calloc(1, sizeof(*larger) + capacity * sizeof(larger->slots[0]));
	if (!larger)
		return NULL;
	larger->capacity = capacity;
	for (size_t i = 0; table && i < table->capacity; i++) {
		PyObject *key = atomic_load(&table->slots[i].key);
		if (key)
			put(larger, key, atomic_load(&table->slots[i].record));
	}
	atomic_store_explicit(&current, larger, memory_order_release);
	return larger;
}

bool pt_code_table_insert(PyObject *object, struct pt_code *record)
{
	bool is_new = false;

	pt_lock();
	struct table *table = roomy_table();
	if (table && !atomic_load(&find_slot(table, object)->key)) {
		put(table, object, record);
		used++;
		is_new = true;
	}
	pt_unlock();
	if (is_new)
		pt_py.Py_IncRef(object);
	return is_new;
}
