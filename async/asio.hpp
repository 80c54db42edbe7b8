// The names of Asio that the whole program uses, in one place.
//
// House rule for coroutines (g++ 12.2 miscompiles what breaks it, see docs/design.md): a co_await
// stands alone in its statement or initialises a name; its arguments are names; no lambda or
// aggregate is built inside the expression.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>

namespace corral {

namespace asio = boost::asio;
using asio::awaitable;
using boost::system::error_code;

// Makes an asynchronous operation report through `ec` instead of throwing.
inline auto into(error_code& ec) {
    return asio::redirect_error(asio::use_awaitable, ec);
}

}  // namespace corral
