/* tests/unit/test_csv.c -- regions.csv and policy sets: good rows, and every way to be wrong. */
#include <stdlib.h>
#include <unistd.h>

#include "cli/common/csv.h"
#include "cli/common/policy_file.h"
#include "cli/common/tool.h"

#include "tests/test.h"

#define HEADER                                                                                     \
    "region_id,province,region_name,wallet_open,full_province_open,region_change_enabled,"         \
    "quota_bp,gb2260_code,kind,note\n"

static struct region_rows rows;
static char error[POLICY_ERROR_SIZE];

static bool read_text(const char *text)
{
    FILE *file = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
    error[0] = 0;
    bool good = csv_read_regions(file, "f", &rows, error);
    fclose(file);
    return good;
}

TEST(split)
{
    char line[] = "a,,\"b,\"\"c\"\"\",d";
    char *fields[CSV_FIELDS_MAX];
    CHECK_EQ(csv_split(line, fields), 4);
    CHECK_STR(fields[0], "a");
    CHECK_STR(fields[1], "");
    CHECK_STR(fields[2], "b,\"c\"");
    CHECK_STR(fields[3], "d");
    char open_quote[] = "a,\"b", after_quote[] = "\"a\"b,c";
    CHECK_EQ(csv_split(open_quote, fields), -1);
    CHECK_EQ(csv_split(after_quote, fields), -1);
    char many[] = "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17";
    CHECK_EQ(csv_split(many, fields), -1);
}

TEST(good_rows)
{
    CHECK(read_text(HEADER "1,河北省,石家庄市,1,1,0,,130100,prefecture,\n"
                           "1023,北京市,北京市,0,0,1,6000,,quota_example,\"named, once\"\r\n"));
    CHECK_EQ(rows.count, 2);
    CHECK_EQ(rows.row[0].id, 1);
    CHECK_STR(rows.row[0].name, "石家庄市");
    CHECK(rows.row[0].wallet_open && rows.row[0].full_province_open);
    CHECK(!rows.row[0].region_change_enabled);
    CHECK_EQ(rows.row[0].quota_bp, -1);
    CHECK_EQ(rows.row[0].public_code, 130100);
    CHECK_EQ(rows.row[1].quota_bp, 6000);
    CHECK_EQ(rows.row[1].public_code, 0);
    CHECK_STR(rows.row[1].note, "named, once");
}

/* Every row is line 2 of its file. */
TEST(bad_rows)
{
    static const struct {
        const char *row, *says;
    } bad[] = {
        {"0,p,n,1,1,0,,,k,", "region_id must be 1..1023"},
        {"1024,p,n,1,1,0,,,k,", "region_id must be 1..1023"},
        {"x,p,n,1,1,0,,,k,", "region_id must be 1..1023"},
        {"-1,p,n,1,1,0,,,k,", "region_id must be 1..1023"},
        {"18446744073709551617,p,n,1,1,0,,,k,", "region_id must be 1..1023"},
        {"1,p,,1,1,0,,,k,", "region_name is empty"},
        {"1,p,n,2,1,0,,,k,", "wallet_open must be 0 or 1"},
        {"1,p,n,1,,0,,,k,", "full_province_open must be 0 or 1"},
        {"1,p,n,1,1,yes,,,k,", "region_change_enabled must be 0 or 1"},
        {"1,p,n,1,1,0,10001,,k,", "quota_bp must be empty or 0..10000"},
        {"1,p,n,1,1,0,70%,,k,", "quota_bp must be empty or 0..10000"},
        {"1,p,n,1,1,0,,99999,k,", "gb2260_code must be empty or six digits"},
        {"1,p,n,1,1,0,,1301000,k,", "gb2260_code must be empty or six digits"},
        {"1,p,n,1,1,0,,,k", "expected 10 fields"},
        {"1,p,n,1,1,0,,,k,,", "expected 10 fields"},
        {"1,p,\"n,1,1,0,,,k,", "a quoted field does not end"},
        {"", "expected 10 fields"},
        {"1,p,0123456789012345678901234567890123456789012345678901234567890123,1,1,0,,,k,",
         "region_name is longer than 63 bytes"},
        {"1,012345678901234567890123456789012345678901234567,n,1,1,0,,,k,",
         "province is longer than 47 bytes"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char text[1024];
        snprintf(text, sizeof(text), HEADER "%s\n", bad[i].row);
        CHECK(!read_text(text));
        CHECK(strncmp(error, "f:2: ", 5) == 0);
        if (strstr(error, bad[i].says) == NULL) CHECK_STR(error, bad[i].says);
    }
}

TEST(bad_files)
{
    CHECK(!read_text("region_id,province\n"));
    CHECK(strstr(error, "f:1: the header must be") != NULL);
    CHECK(!read_text(HEADER "1,p,n,1,1,0,,,k,\n1,p,m,1,1,0,,,k,\n"));
    CHECK_STR(error, "f:3: region_id is there twice");
    CHECK(!read_text(HEADER "1,p,n,1,1,0,,,k,\n2,p,n,1,1,0,,,k,\n"));
    CHECK_STR(error, "f:3: province and region_name are there twice");
    static char longer[CSV_LINE_MAX + 600];
    snprintf(longer, sizeof(longer), HEADER);
    memset(longer + strlen(HEADER), 'x', CSV_LINE_MAX + 100);
    CHECK(!read_text(longer));
    CHECK(strstr(error, "f:2: the line is longer") != NULL);
}

/* ---- Policy sets ----------------------------------------------------------------------------- */

static char directory[] = "/tmp/gongji-test-XXXXXX";

static void write_set(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/policies/%s.policy", directory, name);
    FILE *file = fopen(path, "w");
    fputs(text, file);
    fclose(file);
}

static void remove_sets(void)
{
    char command[300];
    snprintf(command, sizeof(command), "rm -r %s", directory);
    CHECK_EQ(system(command), 0);
}

TEST(policy_sets)
{
    char path[256];
    CHECK(mkdtemp(directory) != NULL);
    snprintf(path, sizeof(path), "mkdir %s/policies", directory);
    CHECK_EQ(system(path), 0);
    write_set("low", "# comment\nname = low\nquota_bp = 6000 # and why\ntransfer_daily_count=3\n");
    write_set("high", "name = high\nbase = low\nquota_bp = 7000\nreceive_mode = accept\n");
    struct gj_policy set;
    CHECK(policy_set_read(directory, "high", &set, error));
    CHECK_EQ(set.quota_bp, 7000);
    CHECK_EQ(set.transfer_daily_count, 3);
    CHECK_EQ(set.receive_mode, GJ_RECEIVE_ACCEPT);

    CHECK(!policy_set_read(directory, "none", &set, error));
    CHECK(strstr(error, "no policy set none") != NULL);
    CHECK(!policy_set_read(directory, "../low", &set, error));
    CHECK(strstr(error, "no policy set") != NULL);
    write_set("bad", "name = bad\n\nno_such_field = 1\n");
    CHECK(!policy_set_read(directory, "bad", &set, error));
    CHECK(strstr(error, "bad.policy:3: ") != NULL);
    write_set("bad", "name = bad\nquota_bp = 70%\n");
    CHECK(!policy_set_read(directory, "bad", &set, error));
    CHECK(strstr(error, "bad.policy:2: ") != NULL);
    write_set("bad", "quota_bp\n");
    CHECK(!policy_set_read(directory, "bad", &set, error));
    CHECK(strstr(error, "bad.policy:1: expected field = value") != NULL);
    write_set("bad", "name = good\n");
    CHECK(!policy_set_read(directory, "bad", &set, error));
    CHECK(strstr(error, "names itself good") != NULL);
    write_set("loop", "base = loop\n");
    CHECK(!policy_set_read(directory, "loop", &set, error));
    CHECK(strstr(error, "its bases never end") != NULL);
    remove_sets();
}

TEST(money_and_width)
{
    char text[YUAN_SIZE];
    CHECK_STR(yuan(0, text), "0.00");
    CHECK_STR(yuan(5, text), "0.05");
    CHECK_STR(yuan(-1230, text), "-12.30");
    CHECK_STR(yuan(INT64_MIN, text), "-92233720368547758.08");
    struct gj_fen128 most = {.low = 0, .high = INT64_MIN};
    CHECK_STR(yuan128(most, text), "-1701411834604692317316873037158841057.28");
    CHECK_EQ(text_width("石家庄市 1"), 10);
    CHECK_EQ(text_width("\xff"), 1);
    uint64_t value = 7;
    CHECK(read_number("18446744073709551615", UINT64_MAX, &value) && value == UINT64_MAX);
    CHECK(!read_number("18446744073709551616", UINT64_MAX, &value));
    CHECK(!read_number("", 9, &value) && !read_number("10", 9, &value));
    CHECK(read_number("9", 9, &value) && !read_number("+1", 9, &value));
}

TEST_MAIN(T(split), T(good_rows), T(bad_rows), T(bad_files), T(policy_sets), T(money_and_width))
