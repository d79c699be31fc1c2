// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every pool there is, so that a process that forks finds none of them half changed in the child
 * (core/pool.h).
 *
 * Invariant: pools are in the list from their creation to their destruction; the list's lock comes
 * before all others. What a host has to call around a fork is declared in core/port.h.
 */
#include "core/pool.h"

static struct port_lock list_lock;
static struct table_pool *first;

void pt_pools_add(struct table_pool *pool)
{
	port_lock(&list_lock);
	pool->next = first;
	first = pool;
	port_unlock(&list_lock);
}

void pt_pools_remove(struct table_pool *pool)
{
	struct table_pool **next = &first;

	port_lock(&list_lock);
	while (*next && *next != pool)
		next = &(*next)->next;
	if (*next)
		*next = pool->next;
	port_unlock(&list_lock);
}

void pt_port_before_fork(void)
{
	port_lock(&list_lock);
	for (struct table_pool *pool = first; pool; pool = pool->next)
		pool->forking = pt_pool_lock_all(pool);
}

void pt_port_after_fork(void)
{
	for (struct table_pool *pool = first; pool; pool = pool->next)
		pt_pool_unlock_all(pool, pool->forking);
	port_unlock(&list_lock);
}

void pt_port_after_fork_in_child(void)
{
	for (struct table_pool *pool = first; pool; pool = pool->next)
		pt_pool_abandon_entries(pool, pool->forking);
	pt_port_after_fork();
}
