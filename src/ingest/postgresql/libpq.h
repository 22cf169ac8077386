// SPDX-License-Identifier: Apache-2.0
/// libpq, loaded when it is first asked for: it brings some twenty libraries (Kerberos, LDAP, TLS),
/// and loading those is a good part of what a command that speaks to no cluster takes to start.
#pragma once

#include <libpq-fe.h>

// What is called of it.
#define YORE_LIBPQ(EACH)       \
    EACH(PQclear)              \
    EACH(PQconnectPoll)        \
    EACH(PQconnectStartParams) \
    EACH(PQconninfoFree)       \
    EACH(PQconninfoParse)      \
    EACH(PQconsumeInput)       \
    EACH(PQerrorMessage)       \
    EACH(PQfinish)             \
    EACH(PQflush)              \
    EACH(PQfreemem)            \
    EACH(PQgetCopyData)        \
    EACH(PQgetResult)          \
    EACH(PQgetisnull)          \
    EACH(PQgetvalue)           \
    EACH(PQhost)               \
    EACH(PQhostaddr)           \
    EACH(PQisBusy)             \
    EACH(PQnfields)            \
    EACH(PQntuples)            \
    EACH(PQport)               \
    EACH(PQputCopyData)        \
    EACH(PQputCopyEnd)         \
    EACH(PQresultErrorField)   \
    EACH(PQresultErrorMessage) \
    EACH(PQresultStatus)       \
    EACH(PQsendQuery)          \
    EACH(PQserverVersion)      \
    EACH(PQsetNoticeReceiver)  \
    EACH(PQsocket)             \
    EACH(PQstatus)             \
    EACH(PQuser)

namespace yore::ingest {

/// Its functions, by their names.
struct Libpq {
#define YORE_LIBPQ_MEMBER(name) decltype(&::name) name = nullptr;
    YORE_LIBPQ(YORE_LIBPQ_MEMBER)
#undef YORE_LIBPQ_MEMBER
};

/// Any thread. It is not installed, or lacks one of them: Errc::unsupported.
const Libpq& libpq();

}  // namespace yore::ingest
