// SPDX-License-Identifier: Apache-2.0
#include "server/calls.h"

namespace yore::server {

Calls::Ticket::~Ticket() {
    bool drained = false;
    {
        std::scoped_lock lock(calls_.mutex_);
        calls_.tickets_.remove(this);
        drained = calls_.draining_ && calls_.tickets_.empty();
        calls_.changed_.notify_all();
    }
    if (drained) calls_.drained_.request_stop();
}

void Calls::drain() {
    bool drained = false;
    std::vector<std::stop_source> endless;
    {
        std::scoped_lock lock(mutex_);
        closed_ = draining_ = true;
        drained = tickets_.empty();
        for (Ticket* ticket : tickets_) {
            if (ticket->ends_ == Ends::by_itself) continue;
            ticket->drained_ = true;
            endless.push_back(ticket->stop_);
        }
        changed_.notify_all();
    }
    drain_asked_.request_stop();
    for (auto& source : endless) source.request_stop();
    if (drained) drained_.request_stop();
}

bool Calls::draining() const {
    std::scoped_lock lock(mutex_);
    return draining_;
}

std::unique_ptr<Calls::Ticket> Calls::begin(std::string what, Ends ends) {
    std::scoped_lock lock(mutex_);
    if (closed_) return nullptr;
    std::unique_ptr<Ticket> ticket(new Ticket(*this, std::move(what), ends));
    tickets_.push_back(ticket.get());
    return ticket;
}

void Calls::close_when(const std::function<bool()>& idle) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return tickets_.empty() && (draining_ || idle()); });
    closed_ = true;
}

void Calls::changed() {
    { std::scoped_lock lock(mutex_); }  // a waiter has either not looked yet, or it is woken
    changed_.notify_all();
}

void Calls::stop_all() {
    std::vector<std::stop_source> sources;
    {
        std::scoped_lock lock(mutex_);
        for (Ticket* ticket : tickets_) sources.push_back(ticket->stop_);
    }
    for (auto& source : sources) source.request_stop();
}

std::vector<std::string> Calls::in_progress() const {
    std::vector<std::string> calls;
    std::scoped_lock lock(mutex_);
    for (const Ticket* ticket : tickets_) calls.push_back(ticket->what_);
    return calls;
}

}  // namespace yore::server
