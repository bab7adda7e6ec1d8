/* Reads a JavaScript object into a struct of the C interface, by a table of its members. */
#ifndef WXTRANSFER_HARMONY_MEMBERS_H
#define WXTRANSFER_HARMONY_MEMBERS_H

#include "values.h"

/* Memory that is freed as a whole. */
typedef struct Block Block;
typedef struct {
  Block *blocks;
} Arena;

/* Returns zeroed memory, or NULL if there is none. */
void *arena_take(Arena *arena, size_t size);
void arena_free(Arena *arena);

typedef enum {
  MEMBER_TEXT,         /* string: WxtStr */
  MEMBER_FLAG,         /* boolean: uint8_t */
  MEMBER_NEGATED_FLAG, /* boolean: uint8_t, 1 for `false` */
  MEMBER_NUMBER,       /* whole number from 0 on: uint32_t */
  MEMBER_SIGNED,       /* whole number: int32_t */
  MEMBER_LONG,         /* whole number from 0 on: uint64_t */
  MEMBER_CHOICE,       /* one of the words of `choices`: int32_t */
  MEMBER_DESCRIPTOR,   /* whole number: int32_t at `offset`; the uint8_t at `more` becomes 1, if there is one */
  MEMBER_FUNCTION,     /* function: napi_value */
  MEMBER_BYTES,        /* ArrayBuffer or Uint8Array: pointer, and its length at `more` */
  MEMBER_TEXTS,        /* array of strings: WxtStr pointer, and the count at `more` */
  MEMBER_PAIRS,        /* object of strings, or array of [name, value]: WxtPair pointer, and the count at `more` */
  MEMBER_OBJECTS,      /* array of objects of `element`: pointer to structs, and the count at `more` */
} MemberKind;

typedef struct Members Members;

typedef struct {
  const char *name;
  MemberKind kind;
  bool required;
  size_t offset;
  size_t more;
  const Choice *choices;
  const Members *element;
} Member;

struct Members {
  const char *what; /* for messages: `uploadFile` */
  const Member *list;
  size_t count;
  size_t size; /* of the struct */
};

#define NO_FIELD ((size_t)-1)

/* Reads `object` into `target`, whose other fields keep their values. Texts, bytes and lists are copied into `arena`. Returns
 * false with a pending exception if the object has a member that is not in the table, or one of another type, or lacks one that
 * is required. A member that is `undefined` or `null` counts as missing. */
bool read_members(napi_env env, napi_value object, const Members *members, void *target, Arena *arena);

/* Reads an argument that is not an object. The only member of `members` describes it. */
bool read_argument(napi_env env, napi_value value, const Members *members, void *target, Arena *arena);

#endif
