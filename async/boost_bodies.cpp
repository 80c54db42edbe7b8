// The bodies of the Boost libraries that would otherwise be compiled into every file that includes
// them.
#include <boost/asio/impl/src.hpp>
#include <boost/json/src.hpp>
