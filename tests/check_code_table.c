/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "check_pytrace.h"
#include "code/code_table.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

/* More than fit into the first table, so that it grows. */
#define COUNT 20000

/*
 * Nothing is dereferenced: any address will do for objects, interpreters and records.
 * Those of objects are irregular, so that some collide in the table.
 */
static PyObject *object_at(size_t number)
{
	return (PyObject *)(16 + (number * number * 31 + number * 7919) * 16);
}

static struct pt_code *record_at(size_t number)
{
	return (struct pt_code *)(0x1000000 + number * 16);
}

static PyInterpreterState *interpreter_at(size_t number)
{
	return (PyInterpreterState *)(0x100 + number % 2);
}

static void fill(void)
{
	for (size_t i = 0; i < COUNT; i++)
		ck_assert(pt_code_table_insert(object_at(i), interpreter_at(i),
					       record_at(i)));
}

/* Number of records handed over by pt_code_table_remove_all(). */
static size_t dropped;

static void count_dropped(const void *object, struct pt_code *record)
{
	size_t number = ((uintptr_t)record - 0x1000000) / 16;

	ck_assert_ptr_eq(object, object_at(number));
	ck_assert_uint_eq(number % 2, 1);
	dropped++;
}

START_TEST(finds_what_is_there)
{
	ck_assert_ptr_null(pt_code_table_find(object_at(0)));
	fill();
	for (size_t i = 0; i < COUNT; i++)
		ck_assert_ptr_eq(pt_code_table_find(object_at(i)), record_at(i));
	ck_assert_ptr_null(pt_code_table_find(object_at(COUNT)));
}
END_TEST

START_TEST(keeps_the_first)
{
	fill();
	ck_assert(!pt_code_table_insert(object_at(7), interpreter_at(0), record_at(8)));
	ck_assert_ptr_eq(pt_code_table_find(object_at(7)), record_at(7));
}
END_TEST

START_TEST(removes_one)
{
	fill();
	for (size_t i = 0; i < COUNT; i += 3)
		ck_assert_ptr_eq(pt_code_table_remove(object_at(i)), record_at(i));
	for (size_t i = 0; i < COUNT; i++) {
		struct pt_code *expected = i % 3 ? record_at(i) : NULL;
		ck_assert_ptr_eq(pt_code_table_find(object_at(i)), expected);
	}
	ck_assert_ptr_null(pt_code_table_remove(object_at(0)));
}
END_TEST

START_TEST(adds_again)
{
	fill();
	for (size_t i = 0; i < COUNT; i++) {
		pt_code_table_remove(object_at(i));
		ck_assert(pt_code_table_insert(object_at(i), interpreter_at(0),
					       record_at(i + 1)));
	}
	for (size_t i = 0; i < COUNT; i++)
		ck_assert_ptr_eq(pt_code_table_find(object_at(i)), record_at(i + 1));
}
END_TEST

START_TEST(removes_all_of_an_interpreter)
{
	fill();
	pt_code_table_remove_all(interpreter_at(1), count_dropped);
	ck_assert_uint_eq(dropped, COUNT / 2);
	for (size_t i = 0; i < COUNT; i++) {
		struct pt_code *expected = i % 2 ? NULL : record_at(i);
		ck_assert_ptr_eq(pt_code_table_find(object_at(i)), expected);
	}
}
END_TEST

/* Objects of a round move up when others, which were there before them, go. */
#define OTHERS 190
#define ROUND_SIZE 60
#define ROUNDS 1000

/* The round whose objects are there; 0: none. */
static atomic_size_t present;

static atomic_bool is_over;

static size_t number_in_round(size_t round, size_t i)
{
	return OTHERS + round * ROUND_SIZE + i;
}

/* Counts how often an existing record was not found. */
static void *look_for_present(void *missed)
{
	while (!is_over) {
		size_t round = present;
		for (size_t i = 0; round && i < ROUND_SIZE; i++) {
			size_t number = number_in_round(round, i);
			if (pt_code_table_find(object_at(number)) != record_at(number) &&
			    present == round)
				++*(size_t *)missed;
		}
	}
	return NULL;
}

static void play(size_t round)
{
	for (size_t i = 0; i < OTHERS; i++)
		pt_code_table_insert(object_at(i), interpreter_at(0), record_at(i));
	for (size_t i = 0; i < ROUND_SIZE; i++) {
		size_t number = number_in_round(round, i);
		pt_code_table_insert(object_at(number), interpreter_at(1),
				     record_at(number));
	}
	present = round;
	for (size_t i = 0; i < OTHERS; i++)
		ck_assert_ptr_eq(pt_code_table_remove(object_at(i)), record_at(i));
	present = 0;
	for (size_t i = 0; i < ROUND_SIZE; i++)
		pt_code_table_remove(object_at(number_in_round(round, i)));
}

START_TEST(finds_what_is_being_moved)
{
	pthread_t threads[2];
	size_t missed[2] = { 0 };

	for (size_t i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, look_for_present, &missed[i]);
	for (size_t round = 1; round <= ROUNDS; round++)
		play(round);
	is_over = true;
	for (size_t i = 0; i < 2; i++) {
		pthread_join(threads[i], NULL);
		ck_assert_uint_eq(missed[i], 0);
	}
}
END_TEST

Suite *pt_code_table_suite(void)
{
	Suite *suite = suite_create("code_table");
	TCase *tcase = tcase_create("table");

	tcase_add_test(tcase, finds_what_is_there);
	tcase_add_test(tcase, keeps_the_first);
	tcase_add_test(tcase, removes_one);
	tcase_add_test(tcase, adds_again);
	tcase_add_test(tcase, removes_all_of_an_interpreter);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("threads");
	tcase_set_timeout(tcase, 60); /* they may have to share one processor */
	tcase_add_test(tcase, finds_what_is_being_moved);
	suite_add_tcase(suite, tcase);
	return suite;
}
