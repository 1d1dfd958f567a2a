#include "wechatpay/stocks.hpp"
