// SPDX-License-Identifier: GPL-2.0-only
/*
 * The virtual clock (virtual.h): coroutines, lines, and who runs next.
 */
#include "model/virtual.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "core/port.h"

#define MOST	    (VIRTUAL_CPUS + VIRTUAL_DEVICES)
#define STACK_BYTES (256u << 10)
#define LINES_LG2   16
#define WATCHED	    8
#define ALLOCATIONS 1024
#define NOBODY	    0xffff
#define LINE_LG2    6

enum state { UNUSED, RUNNABLE, PARKED, DONE };

struct set {
	uint64_t word[(MOST + 63) / 64];
};

struct line {
	uintptr_t name; /* its address / 64; 0: unused */
	struct set sharers, parked;
	uint64_t free_ps; /* the next one's turn */
	uint32_t version;
	uint16_t owner;
};

/* Where a coroutine goes on: by swapcontext() the first time, and by longjmp(), which does without the
 * system calls for the signal mask, from then on. The address sanitizer knows only the former. */
struct place {
	ucontext_t context;
	jmp_buf jump;
	bool jumps;
};

struct cpu {
	struct place place;
	void *stack;
	void (*body)(void *arg);
	void *arg;
	enum state state;
	bool device;
	uint64_t now_ps, stored_ps;
	struct line *kept;
	struct {
		struct line *line;
		uint32_t version;
	} watched[WATCHED]; /* read since the last pause, the newest at the front */
	unsigned int nr_watched;
};

static struct {
	struct virtual_costs costs;
	struct cpu cpu[MOST];
	unsigned int devices, left, current, dice;
	struct place outside;
	struct line *line;
	unsigned int heap[MOST], nr_heap; /* who is runnable and not running, earliest first */
	void *memory[ALLOCATIONS];
	unsigned int allocations;
	struct virtual_stats stats;
	int slot_before;
	bool running;
} v;

static uint64_t ps(double ns)
{
	return (uint64_t)(ns * (double)VIRTUAL_PS + 0.5);
}

static struct cpu *me(void)
{
	return &v.cpu[v.current];
}

/* The heap: by time, then by number, so that there is one order. */

static bool is_before(unsigned int a, unsigned int b)
{
	if (v.cpu[a].now_ps != v.cpu[b].now_ps)
		return v.cpu[a].now_ps < v.cpu[b].now_ps;
	return a < b;
}

static void swap(unsigned int a, unsigned int b)
{
	unsigned int t = v.heap[a];

	v.heap[a] = v.heap[b];
	v.heap[b] = t;
}

static void heap_push(unsigned int cpu)
{
	unsigned int at = v.nr_heap++;

	v.heap[at] = cpu;
	for (; at && is_before(v.heap[at], v.heap[(at - 1) / 2]); at = (at - 1) / 2)
		swap(at, (at - 1) / 2);
}

static unsigned int heap_pop(void)
{
	unsigned int top = v.heap[0], at = 0;

	v.heap[0] = v.heap[--v.nr_heap];
	for (;;) {
		unsigned int child = 2 * at + 1;

		if (child >= v.nr_heap)
			return top;
		if (child + 1 < v.nr_heap && is_before(v.heap[child + 1], v.heap[child]))
			child++;
		if (!is_before(v.heap[child], v.heap[at]))
			return top;
		swap(at, child);
		at = child;
	}
}

static void go(struct place *from, struct place *to)
{
#if defined(__SANITIZE_ADDRESS__)
	swapcontext(&from->context, &to->context);
#else
	if (_setjmp(from->jump))
		return;
	from->jumps = true;
	if (to->jumps)
		_longjmp(to->jump, 1);
	setcontext(&to->context);
#endif
}

static void run_next(struct place *from)
{
	if (!v.nr_heap) {
		fprintf(stderr, "virtual: every CPU waits for another one\n");
		abort();
	}
	v.current = heap_pop();
	v.stats.switches++;
	pt_port_slot = (int)v.current;
	go(from, &me()->place);
}

/* Lets everybody go first who is earlier. */
static void be_earliest(void)
{
	struct cpu *c = me();
	unsigned int self = v.current;

	while (v.nr_heap && is_before(v.heap[0], self)) {
		heap_push(self);
		run_next(&c->place);
	}
}

/* Lines. */

static void add(struct set *s, unsigned int i)
{
	s->word[i / 64] |= 1ull << i % 64;
}

static bool has(const struct set *s, unsigned int i)
{
	return s->word[i / 64] >> i % 64 & 1;
}

static struct line *line_of(const volatile void *p)
{
	uintptr_t name = (uintptr_t)p >> LINE_LG2;
	size_t at = (name * 0x9e3779b97f4a7c15ull) >> (64 - LINES_LG2);

	for (unsigned int i = 0; i < 1u << LINES_LG2; i++) {
		struct line *l = &v.line[(at + i) & ((1u << LINES_LG2) - 1)];

		if (l->name == name)
			return l;
		if (!l->name) {
			l->name = name;
			l->owner = NOBODY;
			return l;
		}
	}
	fprintf(stderr, "virtual: too many lines\n");
	abort();
}

/* Is there a sharer among the CPUs of this CPU's group of so many? */
static bool is_shared_near(const struct line *l, unsigned int group)
{
	unsigned int first = v.current / group * group;

	for (unsigned int i = first; i < first + group && i < VIRTUAL_CPUS; i++)
		if (has(&l->sharers, i))
			return true;
	return false;
}

/*
 * From the owner, or the nearest sharer; what nobody has comes from memory, as far as across the
 * die.
 */
static uint64_t way_ps(const struct line *l)
{
	const struct virtual_costs *c = &v.costs;
	unsigned int a = v.current, b = l->owner;

	if (b < VIRTUAL_CPUS && a / c->die != b / c->die)
		return ps(c->far_ns);
	if (b < VIRTUAL_CPUS)
		return ps(a / c->cluster == b / c->cluster ? c->near_ns : c->die_ns);
	return ps(is_shared_near(l, c->cluster) ? c->near_ns : c->die_ns);
}

static uint64_t turn(const struct line *l)
{
	return l->free_ps > me()->now_ps ? l->free_ps : me()->now_ps;
}

static void wake(struct line *l, uint64_t when_ps)
{
	for (unsigned int i = 0; i < sizeof(l->parked.word) / sizeof(l->parked.word[0]); i++) {
		while (l->parked.word[i]) {
			unsigned int who =
				i * 64 + (unsigned int)__builtin_ctzll(l->parked.word[i]);
			struct cpu *c = &v.cpu[who];

			for (unsigned int k = 0; k < c->nr_watched; k++)
				c->watched[k].line->parked.word[i] &= ~(1ull << who % 64);
			l->parked.word[i] &= ~(1ull << who % 64);
			c->nr_watched = 0;
			c->state = RUNNABLE;
			if (c->now_ps < when_ps)
				c->now_ps = when_ps;
			heap_push(who);
		}
	}
}

static void watch(struct line *l)
{
	struct cpu *c = me();
	unsigned int last;

	for (unsigned int i = 0; i < c->nr_watched; i++) {
		if (c->watched[i].line != l)
			continue;
		c->watched[i].version = l->version;
		return;
	}
	if (c->nr_watched < WATCHED)
		c->nr_watched++;
	last = c->nr_watched - 1;
	memmove(&c->watched[1], &c->watched[0], last * sizeof(c->watched[0]));
	c->watched[0].line = l;
	c->watched[0].version = l->version;
}

void virtual_load(const volatile void *p)
{
	struct cpu *c = me();
	struct line *l;

	if (!v.running)
		return;
	be_earliest();
	l = line_of(p);
	v.stats.accesses++;
	if (!c->device && !has(&l->sharers, v.current)) {
		uint64_t start = turn(l);

		v.stats.misses++;
		c->now_ps = start + way_ps(l);
		l->free_ps = start + ps(v.costs.read_ns);
		if (l->owner != NOBODY && l->owner < VIRTUAL_CPUS)
			add(&l->sharers, l->owner);
		l->owner = NOBODY;
		add(&l->sharers, v.current);
	}
	watch(l);
}

/* Takes a line from all others; returns when it is there. */
static uint64_t take(struct line *l)
{
	struct cpu *c = me();
	uint64_t start = turn(l), there = start;

	if (l->owner != v.current && !c->device) {
		v.stats.misses++;
		there += way_ps(l);
		l->free_ps = there;
	}
	memset(&l->sharers, 0, sizeof(l->sharers));
	if (!c->device)
		add(&l->sharers, v.current);
	l->owner = (uint16_t)v.current;
	l->version++;
	wake(l, there);
	return there;
}

void virtual_store(const volatile void *p)
{
	struct cpu *c = me();
	uint64_t there;

	if (!v.running)
		return;
	be_earliest();
	v.stats.accesses++;
	there = take(line_of(p));
	for (unsigned int i = 0; i < c->nr_watched; i++) /* one's own store is no news */
		if (c->watched[i].line == line_of(p))
			c->watched[i].version = line_of(p)->version;
	if (c->stored_ps < there)
		c->stored_ps = there;
}

/* 0 to 99, the same sequence in each run. */
static unsigned int throw_dice(void)
{
	v.dice = v.dice * 1103515245u + 12345u;
	return (v.dice >> 16) % 100;
}

/* Before those whose turn it would be; they have it that much later. */
static void use_kept(struct line *l)
{
	struct cpu *c = me();

	c->kept = NULL;
	c->now_ps += ps(v.costs.rmw_ns);
	if (l->free_ps < c->now_ps)
		l->free_ps = c->now_ps;
	l->free_ps += ps(v.costs.rmw_ns);
	l->version++;
	wake(l, c->now_ps);
}

void virtual_rmw(const volatile void *p)
{
	struct cpu *c = me();
	struct line *l;

	if (!v.running)
		return;
	be_earliest();
	v.stats.accesses++;
	l = line_of(p);
	if (c->kept == l && l->owner != v.current) {
		use_kept(l);
	} else {
		bool there = l->owner == v.current;

		c->kept = NULL;
		c->now_ps = take(l) + (c->device ? 0 : ps(v.costs.rmw_ns));
		if (!there && throw_dice() < v.costs.keep)
			c->kept = l;
	}
	watch(l);
}

void virtual_fence(void)
{
	struct cpu *c = me();

	if (!v.running)
		return;
	if (c->now_ps < c->stored_ps)
		c->now_ps = c->stored_ps;
	c->now_ps += ps(v.costs.fence_ns);
}

static void park(void)
{
	struct cpu *c = me();

	for (unsigned int i = 0; i < c->nr_watched; i++)
		add(&c->watched[i].line->parked, v.current);
	c->state = PARKED;
	run_next(&c->place);
}

/* Nothing of what was read has changed since: sleep until it does. */
void virtual_pause(void)
{
	struct cpu *c = me();

	if (!v.running)
		return;
	be_earliest();
	c->now_ps += VIRTUAL_PS;
	for (unsigned int i = 0; i < c->nr_watched; i++) {
		if (c->watched[i].line->version == c->watched[i].version)
			continue;
		c->nr_watched = 0;
		return;
	}
	if (c->nr_watched)
		park();
}

void virtual_park(const volatile void *p)
{
	me()->nr_watched = 0;
	watch(line_of(p));
	park();
}

unsigned int virtual_cpu(void)
{
	return v.current;
}

uint64_t virtual_now_ps(void)
{
	return v.running ? me()->now_ps : 0;
}

void virtual_spend_ps(uint64_t spent)
{
	if (v.running)
		me()->now_ps += spent;
}

void virtual_sleep_until_ps(uint64_t when_ps)
{
	if (me()->now_ps < when_ps)
		me()->now_ps = when_ps;
	be_earliest();
}

/* Making and running. */

void *virtual_alloc(size_t bytes)
{
	void *p = NULL;

	bytes = (bytes + 4095) & ~(size_t)4095;
	if (v.allocations == ALLOCATIONS || posix_memalign(&p, 4096, bytes))
		abort();
	v.memory[v.allocations++] = p;
	return memset(p, 0, bytes);
}

void virtual_begin(const struct virtual_costs *costs)
{
	struct line *line = v.line;

	if (!line)
		line = malloc(sizeof(*line) << LINES_LG2);
	if (!line)
		abort();
	for (unsigned int i = 0; i < MOST; i++)
		v.cpu[i].state = UNUSED;
	memset(line, 0, sizeof(*line) << LINES_LG2);
	v.line = line;
	v.costs = *costs;
	v.devices = v.left = v.nr_heap = 0;
	v.dice = 1;
	memset(&v.stats, 0, sizeof(v.stats));
	v.slot_before = pt_port_slot;
	v.running = false;
}

static void start(void)
{
	struct cpu *c = me();

	c->body(c->arg);
	c = me();
	c->state = DONE;
	if (!c->device && !--v.left)
		go(&c->place, &v.outside);
	run_next(&c->place);
}

static void spawn(unsigned int i, void (*body)(void *arg), void *arg, bool device)
{
	struct cpu *c = &v.cpu[i];

	if (!c->stack) {
		c->stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (c->stack == MAP_FAILED)
			abort();
	}
	getcontext(&c->place.context);
	c->place.context.uc_stack.ss_sp = c->stack;
	c->place.context.uc_stack.ss_size = STACK_BYTES;
	c->place.context.uc_link = NULL;
	makecontext(&c->place.context, start, 0);
	c->place.jumps = false;
	c->body = body;
	c->arg = arg;
	c->state = RUNNABLE;
	c->device = device;
	c->now_ps = c->stored_ps = 0;
	c->nr_watched = 0;
	c->kept = NULL;
	heap_push(i);
}

void virtual_spawn(unsigned int cpu, void (*body)(void *arg), void *arg)
{
	if (cpu >= VIRTUAL_CPUS)
		abort();
	v.left++;
	spawn(cpu, body, arg, false);
}

unsigned int virtual_spawn_device(void (*body)(void *arg), void *arg)
{
	if (v.devices == VIRTUAL_DEVICES)
		abort();
	spawn(VIRTUAL_CPUS + v.devices, body, arg, true);
	return v.devices++;
}

void virtual_run(void)
{
	v.running = true;
	if (v.left)
		run_next(&v.outside);
	v.running = false;
	pt_port_slot = v.slot_before;
}

struct virtual_stats virtual_end(void)
{
	while (v.allocations)
		free(v.memory[--v.allocations]);
	return v.stats;
}
