"""Services as sources: what a city publishes by HTTP becomes a file the import engine reads like any other.

``addresses`` decides which addresses may be asked, ``transport`` asks them politely, ``arcgis_layer`` reads what a layer says of
itself, ``arcgis_paging`` gets every record once, ``spool`` keeps what has come so that a killed fetch goes on, ``tabling`` makes the
Parquet file, ``service`` puts it together, ``refreshing`` repeats it by a schedule.
"""
