// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/ingest/postgresql.h>

#include <catch2/catch.hpp>

#include "ingest/postgresql/conninfo.h"

using namespace yore;
using namespace yore::ingest;
using Texts = std::vector<std::string>;

TEST_CASE("each host of a conninfo is a conninfo with its port") {
    CHECK(conninfo_of_each_host("host=a,b port=5432,5433 user=u target_session_attrs=read-write") ==
          Texts{"host='a' port='5432' user='u'", "host='b' port='5433' user='u'"});
    CHECK(conninfo_of_each_host("host=a,b port=7") ==
          Texts{"host='a' port='7'", "host='b' port='7'"});
    CHECK(conninfo_of_each_host("postgresql://u@a:1,b:2/d") ==
          Texts{"dbname='d' host='a' port='1' user='u'", "dbname='d' host='b' port='2' user='u'"});
    CHECK(conninfo_of_each_host("hostaddr=1.2.3.4,::1") ==
          Texts{"hostaddr='1.2.3.4'", "hostaddr='::1'"});
}

TEST_CASE("a conninfo of one host, or of a service, stays one, and values are quoted") {
    CHECK(conninfo_of_each_host("service=main") == Texts{"service='main'"});
    CHECK(conninfo_of_each_host("") == Texts{""});
    CHECK(conninfo_of_each_host(R"(host=/run user='it\'s a \\')") ==
          Texts{R"(host='/run' user='it\'s a \\')"});
    CHECK(conninfo_of_each_host(conninfo_of_each_host(R"(user='\'\\')").front()).size() == 1);
    CHECK_THROWS_AS(conninfo_of_each_host("host"), Error);
}

TEST_CASE("a host that leaves a conninfo") {
    CHECK(conninfo_of_each_left_host("host=a,b user=u", "host=b,c user=v passfile=/p") ==
          Texts{"host='a' user='u'"});
    CHECK(conninfo_of_each_left_host("host=a port=5432", "host=b,a").empty());
    CHECK(conninfo_of_each_left_host("host=a port=1", "host=a port=2").size() == 1);
    CHECK(conninfo_of_each_left_host("host=a hostaddr=::1", "host=a").size() == 1);
}

TEST_CASE("a conninfo that is kept has no secrets in it") {
    CHECK_NOTHROW(check_conninfo("host=a user=u passfile=/p password='' sslkey=/k service=s"));
    CHECK_THROWS_AS(check_conninfo("host=a password=secret"), Error);
    CHECK_THROWS_AS(check_conninfo("postgresql://u:secret@a"), Error);
    CHECK_THROWS_AS(check_conninfo("host=a sslpassword=secret"), Error);
    CHECK_THROWS_AS(check_conninfo("host=a replication=true"), Error);
}

TEST_CASE("the addresses that a conninfo leads to") {
    const auto all = addresses_of("host=127.0.0.1,/run,nowhere.invalid port=1,2,3 hostaddr=,,");
    CHECK(all == std::vector<HostAddress>{{"127.0.0.1", "127.0.0.1", "1"}, {"/run", "", "2"}});
    CHECK(addresses_of("host=db1 hostaddr=::1") ==
          std::vector<HostAddress>{{"db1", "::1", "5432"}});
    CHECK(addresses_of("service=main").empty());
}

TEST_CASE("how long an address may be silent") {
    using std::chrono::seconds;
    CHECK(connect_patience("host=a") == seconds(10));
    CHECK(connect_patience("host=a connect_timeout=3") == seconds(3));
    CHECK(connect_patience("connect_timeout=1") == seconds(2));
    CHECK(connect_patience("connect_timeout=0") > std::chrono::hours(24));
}
