// SPDX-License-Identifier: Apache-2.0
/// Takes the facts out of a record's body as its bytes come by, and keeps no more than it needs.
///
/// A body is a list of headers (XLogRecordDataHeader* and others in PostgreSQL's
/// src/include/access/xlogrecord.h), then the data. The end of a transaction can list millions of
/// subtransactions, relations and invalidations (src/include/access/xact.h); what Yore wants lies
/// before, between and behind these lists, which are passed over.
#pragma once

#include <yore/base/bytes.h>
#include <yore/format/wire.h>
#include <yore/postgresql/wal_record.h>

#include <cstdint>
#include <optional>

namespace yore::postgresql {

/// Resource managers, by their places in src/include/access/rmgrlist.h; those after these in that
/// list have no facts.
enum : std::uint8_t { rmgr_xlog = 0, rmgr_transaction = 1, rmgr_tablespace = 5, rmgr_last = 21 };
inline constexpr std::uint8_t rmgr_first_of_extensions = 128;  // since 15
inline constexpr std::uint8_t info_mask = 0xF0;                // the rest of info is not the rmgr's

/// The longest data that is kept: more than any record of these kinds has. (The path of a
/// tablespace has up to 1,024 bytes; transactions' data is not kept.)
inline constexpr std::uint32_t whole_bytes_max = 8192;

bool is_segment_switch(std::uint8_t resource_manager, std::uint8_t info);

/// One record's at a time.
class WalBody {
  public:
    /// What the next bytes are. The parts of a transaction's end are in the order in which they
    /// come.
    enum class Part : std::uint8_t {
        id,
        origin,
        top_transaction,
        short_length,
        long_length,  // the list of headers
        whole,        // data of other records
        time,
        flags,
        database,
        subtransactions,
        relations,
        statistics,
        invalidations,
        two_phase,
        done,
        odd,
    };

    /// Whether records of this kind have facts in their bodies.
    static bool has_facts(std::uint8_t resource_manager, std::uint8_t info);

    /// The body of such a record begins.
    void begin(int major_version, const WalRecord&);
    void feed(ByteView);
    /// The body is over. Not what such a record must say: nullopt.
    std::optional<WalFact> finish();

    void save(format::Encoder&) const;
    /// What `save` wrote, for a record that goes on. Not that: `corrupt`.
    void resume(format::Decoder&, int major_version, const WalRecord&);

  private:
    std::size_t wanted_bytes() const;
    void want(Part);
    void take_part();
    void take_header();
    void begin_data(std::uint32_t bytes);
    void want_data(Part);
    void take_transaction_part();
    void go_behind(Part);

    int major_version_ = 0;
    std::uint8_t resource_manager_ = 0, info_ = 0;
    Part part_ = Part::id;
    std::uint64_t skip_bytes_ = 0;       ///< before it
    std::uint64_t data_bytes_left_ = 0;  ///< behind it; of Part::whole: its own
    Bytes field_;                        ///< what came of this part
    std::uint32_t flags_ = 0;
    TransactionEnd transaction_;
};

/// The fact in the whole data of a record that is not a transaction's. Odd: nullopt.
std::optional<WalFact> read_fact(std::uint8_t resource_manager, std::uint8_t info, ByteView data);

}  // namespace yore::postgresql
