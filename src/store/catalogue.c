#include "store/catalogue.h"

#include <stdbool.h>
#include <string.h>

#define APACHE   "apache-2.0"
#define RESEARCH "qwen-research"

/* As the hub's file pages and several projects that pin these files state them. */
static const cm_model_row rows[] = {
    {"qwen2.5-coder-0.5b-q4_k_m", "Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
     "ebb2015119c907b064c512bf053e945850b5875f", "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
     "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32", 491400064, 491, "Q4_K_M",
     APACHE, NULL},
    {"qwen2.5-coder-0.5b-q8_0", "Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
     "ebb2015119c907b064c512bf053e945850b5875f", "qwen2.5-coder-0.5b-instruct-q8_0.gguf",
     "e1a77721fa97d412f121878223eec81fb4ae6f271e18f922d746711f67b344d1", 675710848, 676, "Q8_0",
     APACHE, NULL},
    {"qwen2.5-coder-0.5b-q4_0", "Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
     "ebb2015119c907b064c512bf053e945850b5875f", "qwen2.5-coder-0.5b-instruct-q4_0.gguf",
     "9739055e046d62a937e5b7879012209ef40ebea8a1569a96028de491f3f091d5", 428730240, 429, "Q4_0",
     APACHE, NULL},
    {"qwen2.5-coder-0.5b-q2_k", "Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
     "ebb2015119c907b064c512bf053e945850b5875f", "qwen2.5-coder-0.5b-instruct-q2_k.gguf",
     "f9bddf294ef15c80bb64a2cdcf15d5b25caf88fb4f4a12383bc9f7a01a09c2e3", 415182720, 415, "Q2_K",
     APACHE, NULL},
    {"qwen2.5-coder-0.5b-q3_k_m", "Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
     "ebb2015119c907b064c512bf053e945850b5875f", "qwen2.5-coder-0.5b-instruct-q3_k_m.gguf",
     "dea21a75164dc20bf27fc983f3ef00cb99afb6f935311e19ef442a84deaa0a96", 432041856, 432, "Q3_K_M",
     APACHE, NULL},
    {"qwen2.5-coder-0.5b-q5_0", "Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
     "ebb2015119c907b064c512bf053e945850b5875f", "qwen2.5-coder-0.5b-instruct-q5_0.gguf",
     "42c9adb0206fe51a838c8568e813756cba108238ddc8f3c3bcc61525a53fe2ea", 0, 490, "Q5_0", APACHE,
     NULL},
    {"qwen2.5-coder-0.5b-q6_k", "Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
     "ebb2015119c907b064c512bf053e945850b5875f", "qwen2.5-coder-0.5b-instruct-q6_k.gguf",
     "c2adc7ad8b1733efd153af0f6c0364fd8fffce020a4ddf64fb8846b800c4a4e6", 0, 650, "Q6_K", APACHE,
     NULL},
    {"qwen2.5-coder-1.5b-q4_k_m", "Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
     "f86cb2c1fa58255f8052cc32aeede1b7482d4361", "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
     "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046", 1117320768, 1117,
     "Q4_K_M", APACHE, NULL},
    {"qwen2.5-coder-1.5b-q8_0", "Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
     "f86cb2c1fa58255f8052cc32aeede1b7482d4361", "qwen2.5-coder-1.5b-instruct-q8_0.gguf",
     "507de59046601282ba768a9789900e6ccf60ed93ddf346730b7c68eb0715bc47", 1894532160, 1895, "Q8_0",
     APACHE, NULL},
    {"qwen2.5-coder-1.5b-q4_0", "Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
     "f86cb2c1fa58255f8052cc32aeede1b7482d4361", "qwen2.5-coder-1.5b-instruct-q4_0.gguf",
     "aa8353e0d0fca3a0041828701e90db7635197400f040676d11d7798665fa316e", 1066227264, 1066, "Q4_0",
     APACHE, NULL},
    {"qwen2.5-coder-1.5b-q2_k", "Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
     "f86cb2c1fa58255f8052cc32aeede1b7482d4361", "qwen2.5-coder-1.5b-instruct-q2_k.gguf",
     "3ec56d48cc5acdb93c4323f0d01a3b5db0c73c54fe71831199223720d37f6fcd", 752880192, 753, "Q2_K",
     APACHE, NULL},
    {"qwen2.5-coder-1.5b-q3_k_m", "Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
     "f86cb2c1fa58255f8052cc32aeede1b7482d4361", "qwen2.5-coder-1.5b-instruct-q3_k_m.gguf",
     "d281a3a0010df03c8a0e3ffebd7f9444a95244fb518f132c5475e4b48d9adb5e", 924456000, 924, "Q3_K_M",
     APACHE, NULL},
    {"qwen2.5-coder-1.5b-q5_0", "Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
     "f86cb2c1fa58255f8052cc32aeede1b7482d4361", "qwen2.5-coder-1.5b-instruct-q5_0.gguf",
     "5ce1b3d37dc2bd8a75c335c59bebfa1d28a58cab14454369c3dba71b10abe3f5", 0, 1260, "Q5_0", APACHE,
     NULL},
    {"qwen2.5-coder-1.5b-q5_k_m", "Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
     "f86cb2c1fa58255f8052cc32aeede1b7482d4361", "qwen2.5-coder-1.5b-instruct-q5_k_m.gguf",
     "f15d02e8e51a5c6f9448b972819acfa66aee4d8bb7d881a8b8ba3d90da08ef09", 0, 1290, "Q5_K_M", APACHE,
     NULL},
    {"qwen2.5-coder-1.5b-q6_k", "Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
     "f86cb2c1fa58255f8052cc32aeede1b7482d4361", "qwen2.5-coder-1.5b-instruct-q6_k.gguf",
     "9b05dce8089197c866b9f76e1db45de8617cda98d9d06059958cb8ad32c56dfa", 0, 1460, "Q6_K", APACHE,
     NULL},
    {"qwen2.5-coder-1.5b-q4_k_s", "bartowski/Qwen2.5-Coder-1.5B-Instruct-GGUF",
     "8f235f74c3b6435080ed0ec31e0036e687c6a543", "Qwen2.5-Coder-1.5B-Instruct-Q4_K_S.gguf",
     "f04c69412530990b8f2de076b3413d6fdcc9ea8627388976112f7cb180034463", 940312864, 940, "Q4_K_S",
     APACHE, NULL},
    {"qwen2.5-coder-3b-q4_k_m", "Qwen/Qwen2.5-Coder-3B-Instruct-GGUF",
     "f74adce6aa16316c625447af059dbebe4983757c", "qwen2.5-coder-3b-instruct-q4_k_m.gguf",
     "724fb256bec1ff062b2f65e4569e871ad2e95ab2a3989723d1769c54294730b7", 2104932800, 2105,
     "Q4_K_M", RESEARCH, "no commercial use"},
    {"qwen2.5-coder-3b-q8_0", "Qwen/Qwen2.5-Coder-3B-Instruct-GGUF",
     "f74adce6aa16316c625447af059dbebe4983757c", "qwen2.5-coder-3b-instruct-q8_0.gguf",
     "f648c25dfd5a0870c4ad76724a745124ab5667ff97b664534fcbe46089b75ab8", UINT64_C(3616088512),
     3616, "Q8_0", RESEARCH, "no commercial use"},
    {"qwen2.5-coder-7b-q4_k_m", "Qwen/Qwen2.5-Coder-7B-Instruct-GGUF",
     "13fb94bfda8c8cf22497dc57b78f391a9acb426a", "qwen2.5-coder-7b-instruct-q4_k_m.gguf",
     "509287f78cb4d4cf6b3843734733b914b2c158e43e22a7f4bf5e963800894d3c", UINT64_C(4683073536),
     4683, "Q4_K_M", APACHE, NULL},
};
enum { COUNT = sizeof rows / sizeof *rows, NAME_MAX_BYTES = 96 };

const cm_model_row *cm_catalogue_at(size_t i) { return i < COUNT ? &rows[i] : NULL; }

/* Cuts `what` out of a name; false when it isn't in it. */
static bool cut(char *name, const char *what) {
  char *at = strstr(name, what);
  if (!at) return false;
  const size_t n = strlen(what);
  memmove(at, at + n, strlen(at + n) + 1);
  return true;
}

/* One spelling for all: lower case, "-" for ":", without "-instruct" and ".gguf". Ollama's tags
 * without a type are q4_k_m, and its model without a tag is the 7b. */
static bool normal(cm_str name, char out[NAME_MAX_BYTES]) {
  if (!name.n || name.n + sizeof "-7b-q4_k_m" > NAME_MAX_BYTES) return false;
  for (size_t i = 0; i < name.n; i++) {
    const char c = name.p[i];
    if (c <= ' ' || c >= 0x7f) return false;
    out[i] = c == ':' ? '-' : c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
  }
  out[name.n] = 0;
  (void)cut(out, "-instruct");
  const size_t n = strlen(out);
  if (n > 5 && strcmp(out + n - 5, ".gguf") == 0) out[n - 5] = 0;
  if (strcmp(out, "qwen2.5-coder-latest") == 0) (void)cut(out, "-latest");
  if (strcmp(out, "qwen2.5-coder") == 0) memcpy(out + strlen(out), "-7b", 4);
  if (out[0] && out[strlen(out) - 1] == 'b') memcpy(out + strlen(out), "-q4_k_m", 8);
  return true;
}

const cm_model_row *cm_catalogue_find(cm_str name) {
  char key[NAME_MAX_BYTES];
  if (!normal(name, key)) return NULL;
  for (size_t i = 0; i < COUNT; i++)
    if (strcmp(rows[i].id, key) == 0) return &rows[i];
  return NULL;
}

const cm_model_row *cm_catalogue_by_sha256(cm_str sha256) {
  for (size_t i = 0; i < COUNT; i++)
    if (cm_str_is(sha256, rows[i].sha256)) return &rows[i];
  return NULL;
}

const cm_model_row *cm_catalogue_by_file(cm_str repo, cm_str file) {
  for (size_t i = 0; i < COUNT; i++)
    if (cm_str_is(repo, rows[i].repo) && cm_str_is(file, rows[i].file)) return &rows[i];
  return NULL;
}

const char *cm_catalogue_nearest(cm_str name) {
  char key[NAME_MAX_BYTES];
  const char *best = NULL;
  unsigned least = 5;
  if (!normal(name, key)) return NULL;
  for (size_t i = 0; i < COUNT; i++) {
    const unsigned d = cm_edit_distance(cm_str_of(key), cm_str_of(rows[i].id));
    if (d < least) least = d, best = rows[i].id;
  }
  return best;
}
