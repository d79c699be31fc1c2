// SPDX-License-Identifier: GPL-2.0-only
/*
 * trace-source: the lines of a text file that may be compressed, see trace-source.h.
 *
 * Two buffers of fixed size: raw bytes as read, and text as unpacked. A line is handed out in place
 * in the second one. Invariant: in_pos <= in_len, text_pos <= text_len <= TEXT_BYTES, and `ended`
 * is set only when the unpacker has seen the proper end of the data.
 */
#include "trace-source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <lzma.h>
#include <zlib.h>

#define IN_BYTES	(64u << 10)
#define TEXT_BYTES	((size_t)4 * TRACE_LINE_MAX_BYTES)
#define MAGIC_BYTES	6u
#define XZ_MEMORY_BYTES (512ull << 20)

struct trace_source {
	int fd;
	enum trace_packing packing;
	bool in_eof; /* read() has returned 0 */
	bool ended;
	const char *why;
	size_t in_pos, in_len;
	size_t text_pos, text_len;
	lzma_stream xz;
	z_stream gz;
	bool gz_between; /* at the border of two gzip members, where the file may end */
	uint8_t in[IN_BYTES];
	char text[TEXT_BYTES + 1];
};

static int fail(struct trace_source *src, int err, const char *why)
{
	src->why = why;
	return err;
}

/* Reads more raw bytes behind those that are there; a short read is fine, none is the end. */
static int read_raw(struct trace_source *src)
{
	ssize_t got;

	if (src->in_pos == src->in_len)
		src->in_pos = src->in_len = 0;
	do {
		got = read(src->fd, src->in + src->in_len, IN_BYTES - src->in_len);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return fail(src, -errno, "cannot be read");
	if (got == 0)
		src->in_eof = true;
	src->in_len += (size_t)got;
	return 0;
}

static int unpack_plain(struct trace_source *src)
{
	size_t n = src->in_len - src->in_pos;

	if (n > TEXT_BYTES - src->text_len)
		n = TEXT_BYTES - src->text_len;
	memcpy(src->text + src->text_len, src->in + src->in_pos, n);
	src->in_pos += n;
	src->text_len += n;
	src->ended = src->in_eof && src->in_pos == src->in_len;
	return 0;
}

static int unpack_xz(struct trace_source *src)
{
	lzma_ret ret;

	src->xz.next_in = src->in + src->in_pos;
	src->xz.avail_in = src->in_len - src->in_pos;
	src->xz.next_out = (uint8_t *)src->text + src->text_len;
	src->xz.avail_out = TEXT_BYTES - src->text_len;
	ret = lzma_code(&src->xz, src->in_eof ? LZMA_FINISH : LZMA_RUN);
	src->in_pos = src->in_len - src->xz.avail_in;
	src->text_len = TEXT_BYTES - src->xz.avail_out;

	switch (ret) {
	case LZMA_OK:
		return 0;
	case LZMA_STREAM_END:
		src->ended = true;
		return 0;
	case LZMA_BUF_ERROR:
		return src->in_eof ? fail(src, -ENODATA, "the xz data end too early") : 0;
	case LZMA_MEM_ERROR:
	case LZMA_MEMLIMIT_ERROR:
		return fail(src, -ENOMEM, "unpacking the xz data takes too much memory");
	default:
		return fail(src, -EBADMSG, "the xz data are damaged");
	}
}

static int unpack_gz(struct trace_source *src)
{
	int ret;

	if (src->in_pos == src->in_len && src->in_eof) {
		if (!src->gz_between)
			return fail(src, -ENODATA, "the gzip data end too early");
		src->ended = true;
		return 0;
	}
	src->gz.next_in = src->in + src->in_pos;
	src->gz.avail_in = (uInt)(src->in_len - src->in_pos);
	src->gz.next_out = (uint8_t *)src->text + src->text_len;
	src->gz.avail_out = (uInt)(TEXT_BYTES - src->text_len);
	ret = inflate(&src->gz, Z_NO_FLUSH);
	src->in_pos = src->in_len - src->gz.avail_in;
	src->text_len = TEXT_BYTES - src->gz.avail_out;

	src->gz_between = ret == Z_STREAM_END;
	if (ret == Z_STREAM_END)
		ret = inflateReset(&src->gz);
	if (ret == Z_OK || ret == Z_BUF_ERROR)
		return 0;
	if (ret == Z_MEM_ERROR)
		return fail(src, -ENOMEM, "no memory to unpack the gzip data");
	return fail(src, -EBADMSG, "the gzip data are damaged");
}

/* Adds to the text, at least a byte of it unless the data have ended. */
static int fill_text(struct trace_source *src)
{
	size_t had;
	int ret;

	memmove(src->text, src->text + src->text_pos, src->text_len - src->text_pos);
	src->text_len -= src->text_pos;
	src->text_pos = 0;
	had = src->text_len;
	while (src->text_len == had && !src->ended) {
		if (src->in_pos == src->in_len && !src->in_eof) {
			ret = read_raw(src);
			if (ret)
				return ret;
		}
		if (src->packing == TRACE_XZ)
			ret = unpack_xz(src);
		else if (src->packing == TRACE_GZ)
			ret = unpack_gz(src);
		else
			ret = unpack_plain(src);
		if (ret)
			return ret;
	}
	return 0;
}

static int start_unpacker(struct trace_source *src)
{
	static const uint8_t xz_magic[MAGIC_BYTES] = { 0xfd, '7', 'z', 'X', 'Z', 0 };
	static const uint8_t gz_magic[2] = { 0x1f, 0x8b };

	if (src->in_len >= sizeof(xz_magic) && !memcmp(src->in, xz_magic, sizeof(xz_magic))) {
		src->packing = TRACE_XZ;
		if (lzma_stream_decoder(&src->xz, XZ_MEMORY_BYTES, LZMA_CONCATENATED) != LZMA_OK)
			return -ENOMEM;
	} else if (src->in_len >= sizeof(gz_magic) &&
		   !memcmp(src->in, gz_magic, sizeof(gz_magic))) {
		src->packing = TRACE_GZ;
		if (inflateInit2(&src->gz, 15 + 16) != Z_OK)
			return -ENOMEM;
	}
	return 0;
}

int trace_source_open(const char *path, struct trace_source **out)
{
	struct trace_source *src = calloc(1, sizeof(*src));
	int ret = 0;

	if (!src)
		return -ENOMEM;
	src->xz = (lzma_stream)LZMA_STREAM_INIT;
	src->fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
	if (src->fd < 0)
		ret = -errno;
	while (!ret && src->in_len < MAGIC_BYTES && !src->in_eof)
		ret = read_raw(src);
	if (!ret)
		ret = start_unpacker(src);
	if (ret) {
		trace_source_close(src);
		return ret;
	}
	*out = src;
	return 0;
}

/* The files that people give by mistake, and what they should have given. */
static const char *why_not_text(const char *text)
{
	if (!strncmp(text, "PERFILE2", 8))
		return "is perf's binary file; give the output of `perf script`";
	if (!memcmp(text, "\x17\x08\x44tracing", 10))
		return "is trace-cmd's binary file; give the output of `trace-cmd report`";
	if (!memcmp(text, "\x28\xb5\x2f\xfd", 4))
		return "is compressed with zstd; give the output of `zstd -dc`";
	return "is not text";
}

static int too_long(struct trace_source *src, size_t len)
{
	const char *text = src->text + src->text_pos;

	if (memchr(text, '\0', len))
		return fail(src, -EILSEQ, why_not_text(text));
	return fail(src, -E2BIG, "is longer than any line of a trace");
}

int trace_source_line(struct trace_source *src, char **line)
{
	size_t scanned = 0;
	char *end;
	int ret;

	for (;;) {
		end = memchr(src->text + src->text_pos + scanned, '\n',
			     src->text_len - src->text_pos - scanned);
		if (end)
			break;
		scanned = src->text_len - src->text_pos;
		if (scanned > TRACE_LINE_MAX_BYTES)
			return too_long(src, scanned);
		if (src->ended)
			break;
		ret = fill_text(src);
		if (ret)
			return ret;
	}
	*line = src->text + src->text_pos;
	if (!end) {
		if (!scanned)
			return 0;
		src->text[src->text_len] = '\0';
		if (memchr(*line, '\0', scanned))
			return fail(src, -EILSEQ, why_not_text(*line));
		return fail(src, -ENODATA, "the text ends in the middle of a line");
	}
	if (memchr(*line, '\0', (size_t)(end - *line)))
		return fail(src, -EILSEQ, why_not_text(*line));
	src->text_pos = (size_t)(end + 1 - src->text);
	if (end > *line && end[-1] == '\r')
		end--;
	*end = '\0';
	return 1;
}

const char *trace_source_why(const struct trace_source *src)
{
	return src->why ? src->why : "cannot be read";
}

enum trace_packing trace_source_packing(const struct trace_source *src)
{
	return src->packing;
}

void trace_source_close(struct trace_source *src)
{
	if (!src)
		return;
	lzma_end(&src->xz);
	if (src->packing == TRACE_GZ)
		inflateEnd(&src->gz);
	if (src->fd > STDIN_FILENO)
		close(src->fd);
	free(src);
}
