/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Entry of the image: a stack, zeroed .bss, floating point on (the library's runs are vectors),
 * exceptions to image_exception(), and semihosting.
 */
	.section .text.boot, "ax"
	.global _start
_start:
	ldr	x1, =image_stack_top
	mov	sp, x1
	ldr	x1, =vectors
	mrs	x2, CurrentEL
	cmp	x2, #(2 << 2)
	b.ne	0f
	msr	vbar_el2, x1
	mov	x1, #0x33ff		/* CPTR_EL2: nothing traps */
	msr	cptr_el2, x1
	mov	x1, #(1 << 31)		/* HCR_EL2.RW */
	msr	hcr_el2, x1
	isb
	b	3f
0:	msr	vbar_el1, x1
	mov	x1, #(3 << 20)
	msr	cpacr_el1, x1
	isb
3:
	ldr	x1, =image_bss_start
	ldr	x2, =image_bss_end
1:	cmp	x1, x2
	b.hs	2f
	str	xzr, [x1], #8
	b	1b
2:	bl	main

/* image_exit(status): SYS_EXIT, with ADP_Stopped_ApplicationExit. */
	.global image_exit
image_exit:
	ldr	x1, =exit_block
	ldr	x2, =0x20026
	stp	x2, x0, [x1]
	mov	w0, #0x18
	hlt	#0xf000
	b	.

/* image_print(text): SYS_WRITE0. */
	.global image_print
image_print:
	mov	x1, x0
	mov	w0, #0x04
	hlt	#0xf000
	ret

	.balign	2048
vectors:
	.rept	16
	.balign	128
	b	exception
	.endr
exception:
	mrs	x3, CurrentEL
	cmp	x3, #(2 << 2)
	b.eq	4f
	mrs	x0, esr_el1
	mrs	x1, far_el1
	mrs	x2, elr_el1
	bl	image_exception
4:	mrs	x0, esr_el2
	mrs	x1, far_el2
	mrs	x2, elr_el2
	bl	image_exception
	b	.

	.bss
	.balign	16
exit_block:
	.space	16
	.balign	4096
	.space	65536
image_stack_top:
