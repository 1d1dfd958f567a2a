<?php

use Illuminate\Database\Migrations\Migration;
use Illuminate\Database\Schema\Blueprint;
use Illuminate\Support\Facades\Schema;

class CreateCouponTables extends Migration
{
    public function up()
    {
        Schema::create('applied', function (Blueprint $table) {
            $this->compareExactly($table);
            $table->string('event_key', 191)->primary();
        });
        Schema::create('bookings', function (Blueprint $table) {
            $this->compareExactly($table);
            $table->string('kind', 16);
            $table->string('number', 64);
            $table->string('belongs_to', 64);
        });
    }

    public function down()
    {
        Schema::dropIfExists('bookings');
        Schema::dropIfExists('applied');
    }

    /**
     * For MySQL, which by default ignores case when it compares text, and rolls back InnoDB only.
     * Coupon codes may differ by case only. Other databases ignore these settings.
     */
    private function compareExactly(Blueprint $table): void
    {
        $table->engine = 'InnoDB';
        $table->charset = 'utf8mb4';
        $table->collation = 'utf8mb4_bin';
    }
}
