#include "members.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct Block {
  Block *next;
  max_align_t memory[];
};

void *arena_take(Arena *arena, size_t size) {
  Block *block = calloc(1, sizeof *block + size);
  if (block == NULL) return NULL;
  block->next = arena->blocks;
  arena->blocks = block;
  return block->memory;
}

void arena_free(Arena *arena) {
  while (arena->blocks != NULL) {
    Block *block = arena->blocks;
    arena->blocks = block->next;
    free(block);
  }
}

/* One member that is being read. */
typedef struct {
  napi_env env;
  const Members *members;
  const Member *member;
  Arena *arena;
} Reading;

/* Throws unless an exception is pending. Always returns false. */
static bool refuse(napi_env env, const Members *members, const char *name, const char *problem) {
  char message[512];
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  snprintf(message, sizeof message, "%s: %s %s", members->what, name, problem);
  if (!pending) napi_throw_type_error(env, NULL, message);
  return false;
}

static bool mistyped(const Reading *reading, const char *expected) {
  return refuse(reading->env, reading->members, reading->member->name, expected);
}

static bool out_of_memory(const Reading *reading) {
  return mistyped(reading, "cannot be copied: no memory is left");
}

static napi_valuetype type_of(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  napi_typeof(env, value, &type);
  return type;
}

/* Whether a string has no half of a surrogate pair. The conversion to UTF-8 replaces such a half, so different strings could become
 * equal. */
static bool is_well_formed(const char16_t *units, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if ((units[i] & 0xF800) != 0xD800) continue;
    bool pair = units[i] < 0xDC00 && i + 1 < count && (units[i + 1] & 0xFC00) == 0xDC00;
    if (!pair) return false;
    i++;
  }
  return true;
}

static bool is_missing(napi_env env, napi_value value) {
  napi_valuetype type = type_of(env, value);
  return type == napi_undefined || type == napi_null;
}

static bool read_text(const Reading *reading, napi_value value, WxtStr *text) {
  size_t length = 0;
  if (type_of(reading->env, value) != napi_string) return mistyped(reading, "must be a string");
  if (napi_get_value_string_utf16(reading->env, value, NULL, 0, &length) != napi_ok) return mistyped(reading, "cannot be read");
  char16_t *units = malloc((length + 1) * sizeof *units);
  if (units == NULL) return out_of_memory(reading);
  napi_get_value_string_utf16(reading->env, value, units, length + 1, &length);
  bool well_formed = is_well_formed(units, length);
  free(units);
  if (!well_formed) return mistyped(reading, "has half of a surrogate pair, so it is no text");
  if (napi_get_value_string_utf8(reading->env, value, NULL, 0, &length) != napi_ok) return mistyped(reading, "cannot be read");
  char *copy = arena_take(reading->arena, length + 1);
  if (copy == NULL) return out_of_memory(reading);
  napi_get_value_string_utf8(reading->env, value, copy, length + 1, &text->len);
  text->ptr = copy;
  return true;
}

static bool read_whole(const Reading *reading, napi_value value, double least, double most, double *number) {
  if (type_of(reading->env, value) != napi_number) return mistyped(reading, "must be a number");
  napi_get_value_double(reading->env, value, number);
  if (!(*number >= least && *number <= most) || floor(*number) != *number) return mistyped(reading, "is not a whole number in its range");
  return true;
}

static bool is_word(WxtStr text, const char *word) {
  return text.len == strlen(word) && memcmp(text.ptr, word, text.len) == 0;
}

static bool read_choice(const Reading *reading, napi_value value, int32_t *number) {
  WxtStr text;
  if (!read_text(reading, value, &text)) return false;
  for (const Choice *choice = reading->member->choices; choice->name != NULL; choice++) {
    if (is_word(text, choice->name)) {
      *number = choice->number;
      return true;
    }
  }
  return mistyped(reading, "is not one of the words that index.d.ts lists");
}

static bool read_bytes(const Reading *reading, napi_value value, const uint8_t **bytes, size_t *length) {
  bool is_buffer = false, is_array = false, is_detached = false;
  napi_typedarray_type type = napi_float64_array;
  napi_value buffer = value;
  void *data = NULL;
  napi_is_arraybuffer(reading->env, value, &is_buffer);
  napi_is_typedarray(reading->env, value, &is_array);
  if (is_buffer) napi_get_arraybuffer_info(reading->env, value, &data, length);
  if (is_array) napi_get_typedarray_info(reading->env, value, &type, length, &data, &buffer, NULL);
  if (!is_buffer && type != napi_uint8_array) return mistyped(reading, "must be an ArrayBuffer or a Uint8Array");
  napi_is_detached_arraybuffer(reading->env, buffer, &is_detached);
  if (is_detached) return mistyped(reading, "has no bytes any more: its ArrayBuffer was transferred");
  /* Copied, because a getter of a later member may transfer the buffer. Never NULL: in C, NULL means that the member is not set. */
  uint8_t *copy = arena_take(reading->arena, *length + 1);
  if (copy == NULL) return out_of_memory(reading);
  if (*length > 0) memcpy(copy, data, *length);
  *bytes = copy;
  return true;
}

static bool is_array(napi_env env, napi_value value) {
  bool answer = false;
  napi_is_array(env, value, &answer);
  return answer;
}

/* Whether an object is like a literal: it has no prototype, or a prototype without one. A Map, a Date or a class instance is not. */
static bool is_plain_object(napi_env env, napi_value value) {
  napi_value prototype = NULL;
  if (type_of(env, value) != napi_object || is_array(env, value)) return false;
  if (napi_get_prototype(env, value, &prototype) != napi_ok) return false;
  if (type_of(env, prototype) != napi_object) return true;
  return napi_get_prototype(env, prototype, &prototype) == napi_ok && type_of(env, prototype) != napi_object;
}

/* Reads the length of an array, and allocates memory for its elements. */
static bool read_array(const Reading *reading, napi_value value, size_t element_size, void **elements, uint32_t *length) {
  if (!is_array(reading->env, value)) return mistyped(reading, "must be an array");
  napi_get_array_length(reading->env, value, length);
  *elements = arena_take(reading->arena, *length * element_size);
  return *elements != NULL || out_of_memory(reading);
}

static bool element_of(const Reading *reading, napi_value array, uint32_t index, napi_value *element) {
  return napi_get_element(reading->env, array, index, element) == napi_ok || mistyped(reading, "cannot be read");
}

static bool read_texts(const Reading *reading, napi_value value, const WxtStr **texts, size_t *count) {
  void *elements;
  uint32_t length;
  napi_value element;
  if (!read_array(reading, value, sizeof(WxtStr), &elements, &length)) return false;
  for (uint32_t i = 0; i < length; i++) {
    if (!element_of(reading, value, i, &element) || !read_text(reading, element, (WxtStr *)elements + i)) return false;
  }
  *texts = elements;
  *count = length;
  return true;
}

static bool read_pairs(const Reading *reading, napi_value value, const WxtPair **pairs, size_t *count) {
  void *elements;
  uint32_t length, found = 0;
  napi_value names = value;
  bool is_list = is_array(reading->env, value);
  if (!is_list) {
    if (!is_plain_object(reading->env, value)) return mistyped(reading, "must be a plain object or an array of pairs");
    if (napi_get_property_names(reading->env, value, &names) != napi_ok) return mistyped(reading, "cannot be read");
  }
  if (!read_array(reading, names, sizeof(WxtPair), &elements, &length)) return false;
  for (uint32_t i = 0; i < length; i++) {
    WxtPair *pair = (WxtPair *)elements + found;
    napi_value element, name, content;
    if (!element_of(reading, names, i, &element)) return false;
    if (is_list) {
      uint32_t size = 0;
      if (is_array(reading->env, element)) napi_get_array_length(reading->env, element, &size);
      if (size != 2) return mistyped(reading, "must have a name and a value in each pair");
      if (!element_of(reading, element, 0, &name) || !element_of(reading, element, 1, &content)) return false;
    } else {
      name = element;
      if (napi_get_property(reading->env, value, name, &content) != napi_ok) return mistyped(reading, "cannot be read");
    }
    if (!is_list && is_missing(reading->env, content)) continue;
    if (!read_text(reading, name, &pair->name) || !read_text(reading, content, &pair->value)) return false;
    found++;
  }
  *pairs = elements;
  *count = found;
  return true;
}

static bool read_objects(const Reading *reading, napi_value value, const void **objects, size_t *count) {
  const Members *element_members = reading->member->element;
  void *elements;
  uint32_t length;
  napi_value element;
  if (!read_array(reading, value, element_members->size, &elements, &length)) return false;
  for (uint32_t i = 0; i < length; i++) {
    void *target = (char *)elements + i * element_members->size;
    if (!element_of(reading, value, i, &element)) return false;
    if (!read_members(reading->env, element, element_members, target, reading->arena)) return false;
  }
  *objects = elements;
  *count = length;
  return true;
}

static bool read_member(const Reading *reading, napi_value value, char *target) {
  const Member *member = reading->member;
  void *field = target + member->offset;
  void *more = member->more == NO_FIELD ? NULL : target + member->more;
  double number = 0;
  bool flag = false;
  switch (member->kind) {
    case MEMBER_TEXT:
      return read_text(reading, value, field);
    case MEMBER_FLAG:
    case MEMBER_NEGATED_FLAG:
      if (type_of(reading->env, value) != napi_boolean) return mistyped(reading, "must be a boolean");
      napi_get_value_bool(reading->env, value, &flag);
      *(uint8_t *)field = flag != (member->kind == MEMBER_NEGATED_FLAG);
      return true;
    case MEMBER_NUMBER:
      if (!read_whole(reading, value, 0, UINT32_MAX, &number)) return false;
      *(uint32_t *)field = (uint32_t)number;
      return true;
    case MEMBER_LONG:
      if (!read_whole(reading, value, 0, 9007199254740991.0, &number)) return false; /* 2^53 - 1 */
      *(uint64_t *)field = (uint64_t)number;
      return true;
    case MEMBER_SIGNED:
    case MEMBER_DESCRIPTOR:
      if (!read_whole(reading, value, INT32_MIN, INT32_MAX, &number)) return false;
      *(int32_t *)field = (int32_t)number;
      if (more != NULL) *(uint8_t *)more = 1;
      return true;
    case MEMBER_CHOICE:
      return read_choice(reading, value, field);
    case MEMBER_FUNCTION:
      if (type_of(reading->env, value) != napi_function) return mistyped(reading, "must be a function");
      *(napi_value *)field = value;
      return true;
    case MEMBER_BYTES:
      return read_bytes(reading, value, field, more);
    case MEMBER_TEXTS:
      return read_texts(reading, value, field, more);
    case MEMBER_PAIRS:
      return read_pairs(reading, value, field, more);
    case MEMBER_OBJECTS:
      return read_objects(reading, value, field, more);
  }
  return mistyped(reading, "is of no kind");
}

/* `name` may be truncated. A truncated name is still longer than every name in the table, so it is not found. */
static bool has_member(const Members *members, WxtStr name) {
  for (size_t i = 0; i < members->count; i++) {
    if (is_word(name, members->list[i].name)) return true;
  }
  return false;
}

bool read_argument(napi_env env, napi_value value, const Members *members, void *target, Arena *arena) {
  Reading reading = {env, members, members->list, arena};
  return read_member(&reading, value, target);
}

bool read_members(napi_env env, napi_value object, const Members *members, void *target, Arena *arena) {
  napi_value names, name, value;
  uint32_t count = 0;
  if (type_of(env, object) != napi_object || is_array(env, object)) return refuse(env, members, "its argument", "must be an object");
  if (napi_get_property_names(env, object, &names) != napi_ok) return refuse(env, members, "its argument", "cannot be read");
  napi_get_array_length(env, names, &count);
  for (uint32_t i = 0; i < count; i++) {
    char text[64] = "";
    napi_get_element(env, names, i, &name);
    WxtStr read = {text, 0};
    napi_get_value_string_utf8(env, name, text, sizeof text, &read.len);
    if (has_member(members, read)) continue;
    for (size_t at = 0; at < read.len; at++) text[at] = text[at] == '\0' ? '?' : text[at]; /* a message ends at a NUL */
    return refuse(env, members, text, "is no option");
  }
  for (size_t i = 0; i < members->count; i++) {
    const Member *member = &members->list[i];
    Reading reading = {env, members, member, arena};
    if (napi_get_named_property(env, object, member->name, &value) != napi_ok) return refuse(env, members, member->name, "cannot be read");
    if (is_missing(env, value)) {
      if (member->required) return refuse(env, members, member->name, "is missing");
    } else if (!read_member(&reading, value, target)) {
      return false;
    }
  }
  return true;
}
