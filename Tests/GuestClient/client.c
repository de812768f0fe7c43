// A client of /dev/sev-guest that knows nothing but the kernel's header: the judge of the emulator's device.
//
// client CALL [NAME=VALUE]...
//   CALL: report, ext-report, key, or a number for any other request
//   device=PATH version=N vmpl=N count=N (calls, one after the other)
//   argument=, request=, response=, certs=: null, bad (not mapped), kernel (not ours), readonly, else our buffer
//   certs-len=N wait=1 (until a byte comes on standard input, before the call)
// Prints one line for each call: rc, errno, exitinfo2, certs-len, status, and what came back, in hexadecimal.
#include <errno.h>
#include <fcntl.h>
#include <linux/sev-guest.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

static const char *option(int count, char **words, const char *name, const char *otherwise) {
    const size_t length = strlen(name);
    for (int index = 2; index < count; index++)
        if (strncmp(words[index], name, length) == 0 && words[index][length] == '=') return words[index] + length + 1;
    return otherwise;
}

static void *pointer(const char *kind, void *buffer) {
    if (strcmp(kind, "null") == 0) return NULL;
    if (strcmp(kind, "kernel") == 0) return (void *)0xFFFF800000000000UL;
    const int protection = strcmp(kind, "bad") == 0 ? PROT_NONE : strcmp(kind, "readonly") == 0 ? PROT_READ : -1;
    if (protection < 0) return buffer;
    return mmap(NULL, 65536, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void print(const char *name, const unsigned char *bytes, size_t count) {
    printf(" %s=", name);
    for (size_t index = 0; index < count; index++) printf("%02x", bytes[index]);
}

int main(int count, char **words) {
    if (count < 2) return 2;
    const char *call = words[1];
    const int device = open(option(count, words, "device", "/dev/sev-guest"), O_RDWR);
    if (device < 0) {
        printf("open errno=%d\n", errno);
        return 1;
    }
    static struct snp_ext_report_req report;
    static struct snp_derived_key_req key;
    static struct snp_report_resp response;
    static unsigned char certs[65536];
    const int vmpl = atoi(option(count, words, "vmpl", "0"));
    const int is_key = strcmp(call, "key") == 0, is_extended = strcmp(call, "ext-report") == 0;
    unsigned long number = is_key ? SNP_GET_DERIVED_KEY : is_extended ? SNP_GET_EXT_REPORT : SNP_GET_REPORT;
    if (!is_key && !is_extended && strcmp(call, "report") != 0) number = strtoul(call, NULL, 0);
    const char *certs_kind = option(count, words, "certs", "");
    report.certs_address = (__u64)(unsigned long)pointer(certs_kind, certs);
    report.certs_len = (__u32)strtoul(option(count, words, "certs-len", "0"), NULL, 0);
    report.data.vmpl = (__u32)vmpl;
    for (size_t index = 0; index < sizeof report.data.user_data; index++)
        report.data.user_data[index] = (unsigned char)(index + (size_t)getpid());
    key.vmpl = (__u32)vmpl;
    key.guest_field_select = 0x9;
    if (*option(count, words, "wait", "")) {
        printf("ready\n");
        fflush(stdout);
        if (getchar() == EOF) return 1;
    }
    for (int left = atoi(option(count, words, "count", "1")); left > 0; left--) {
        memset(&response, 0, sizeof response);
        struct snp_guest_request_ioctl argument = {
            .msg_version = (__u8)atoi(option(count, words, "version", "1")),
            .req_data = (__u64)(unsigned long)pointer(
                option(count, words, "request", ""), is_key ? (void *)&key : (void *)&report),
            .resp_data = (__u64)(unsigned long)pointer(option(count, words, "response", ""), &response),
            .exitinfo2 = 0x1122334455667788,
        };
        errno = 0;
        const int result = ioctl(device, number, pointer(option(count, words, "argument", ""), &argument));
        printf("rc=%d errno=%d exitinfo2=%llx certs-len=%x", result, errno, argument.exitinfo2, report.certs_len);
        print("asked", report.data.user_data, is_key ? 0 : sizeof report.data.user_data);
        // MSG_REPORT_RSP: status, size, reserved, report. MSG_KEY_RSP: status, reserved, key.
        print("status", response.data, 4);
        print("answer", response.data + 32, is_key ? 32 : 1184);
        print("rest", response.data + 32 + 1184, 16);
        size_t used = sizeof certs;
        while (used > 0 && certs[used - 1] == 0) used--;
        print("certs", certs, used);
        printf("\n");
        fflush(stdout);
    }
    return 0;
}
